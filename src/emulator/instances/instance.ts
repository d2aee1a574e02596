import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Diagnostic } from '../../diagnostics.js';
import { BroadcastError } from '../../errors.js';
import type { Generation } from '../code/source.js';
import type { FunctionIdentity } from '../function-context.js';
import { readResponseText } from '../invoker.js';
import { createCallTable, type CallOutcome } from './call-table.js';
import { crashEnding, exitEnding, memoryEnding, outcomeOf, timeoutEnding, type Ending } from './endings.js';
import type { CallMessage, InstanceMessage, InstanceSetup } from './wire.js';

/** What all instances of a function have in common. */
export interface InstanceSettings extends Omit<InstanceSetup, 'posted' | 'module'> {
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly identity: FunctionIdentity;
}

/** Who is told of what goes on in an instance. */
export interface InstanceListener {
  /** It can take another call. */
  onFree(instance: Instance): void;
  onEnded(instance: Instance, ending: Ending): void;
  onUnawaited(instance: Instance, work: readonly string[]): void;
  onPrinted(instance: Instance, stream: 'stdout' | 'stderr', text: string): void;
  onMemoryStore(): void;
  onDiagnostic(diagnostic: Diagnostic): void;
}

export type InstanceState = 'starting' | 'busy' | 'idle' | 'frozen' | 'ended';

/** One instance of a function: a worker thread with its own memory. */
export interface Instance {
  readonly id: number;
  readonly generation: Generation;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Resolves with how long the start took, in milliseconds. Rejects with `INVALID_OPTIONS` when it cannot be loaded. */
  readonly ready: Promise<number>;
  readonly underWay: number;
  /** Calls that it has answered. */
  readonly served: number;
  /** Of its heap with buffers, after the last call. */
  readonly usedBytes: number | undefined;
  readonly state: InstanceState;
  /**
   * Never rejects. A call that comes before the instance is ready waits for it, and its time runs.
   *
   * @param killAfterMs The instance ends this long after it has been given the call, unless that has ended before.
   */
  call(event: Record<string, unknown>, killAfterMs?: number): Promise<CallOutcome>;
  /** Ends as soon as its calls have ended. */
  retire(ending: Ending): void;
  /** Ends now; what is under way is aborted. */
  end(ending: Ending): void;
  /** Resolves when its thread is no more. */
  readonly gone: Promise<void>;
  readonly wasReady: boolean;
  /** Whether it has told what its calls have left behind. */
  readonly isSettled: boolean;
}

const MEGABYTE = 1024 * 1024;
/** By a fault. */
const KILLED: Ending = { why: 'killed', reason: 'it was killed, as was asked for' };

export function startInstance(
  id: number,
  program: string,
  generation: Generation,
  settings: InstanceSettings,
  listener: InstanceListener,
): Instance {
  const { timeoutMs, env, identity, ...rest } = settings;
  const { memoryMb, freezeAfterMs } = rest;
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const setup: InstanceSetup = { ...rest, module: generation.module, posted };
  const startedAt = Date.now();
  const begun = performance.now();
  const calls = createCallTable();
  let ending: Ending | undefined;
  let retirement: Ending | undefined;
  let coldMs: number | undefined;
  let served = 0;
  let resting = 0;
  let restedAt = 0;
  let usedBytes: number | undefined;
  let onReady: (ms: number) => void;
  let onUnready: (reason: Error) => void;
  const ready = new Promise<number>((resolve, reject) => {
    onReady = resolve;
    onUnready = reject;
  });
  // Whoever wants to know awaits it; nobody has to.
  ready.catch(() => undefined);

  const worker = new Worker(program, {
    eval: true,
    name: `#${id}`,
    env,
    workerData: setup,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  worker.on('message', (message: InstanceMessage) => {
    handle(message);
  });
  worker.on('error', (error) => {
    finish(crashEnding(error, memoryMb));
  });
  const gone = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      finish(exitEnding(code));
      resolve();
    });
  });

  function handle(message: InstanceMessage): void {
    switch (message.type) {
      case 'ready':
        coldMs = performance.now() - begun;
        restedAt = Date.now();
        onReady(coldMs);
        return;
      case 'unloadable':
        end({ why: 'crash', reason: message.problem });
        return;
      case 'answered':
        answered(message.callId, message.usedBytes, readResponseText(message.json));
        return;
      case 'threw':
        answered(message.callId, message.usedBytes, { status: 502, problem: message.problem });
        return;
      case 'rested':
        resting--;
        restedAt = Date.now();
        if (message.unawaited.length > 0) listener.onUnawaited(instance, message.unawaited);
        return;
      case 'printed':
        listener.onPrinted(instance, message.stream, message.text);
        return;
      case 'memory-store':
        listener.onMemoryStore();
        return;
      case 'diagnostic':
        listener.onDiagnostic(message.diagnostic);
    }
  }

  function answered(callId: number, bytes: number, outcome: CallOutcome): void {
    usedBytes = bytes;
    if (bytes > memoryMb * MEGABYTE) {
      end(memoryEnding(memoryMb));
      return;
    }
    served++;
    resting++;
    calls.settle(callId, outcome);
    if (retirement !== undefined && calls.size === 0) end(retirement);
    else listener.onFree(instance);
  }

  function finish(how: Ending): void {
    if (ending !== undefined) return;
    ending = how;
    onUnready(new BroadcastError('INVALID_OPTIONS', how.reason));
    calls.settleAll((callId) => outcomeOf(how, callId));
    listener.onEnded(instance, how);
  }

  function end(how: Ending): void {
    finish(how);
    void worker.terminate();
  }

  function endAfter(ms: number, outcome: Promise<unknown>): void {
    if (ms === 0) {
      end(KILLED);
      return;
    }
    const timer = setTimeout(end, ms, KILLED);
    void outcome.then(() => {
      clearTimeout(timer);
    });
  }

  const instance: Instance = {
    id,
    generation,
    startedAt,
    ready,
    get underWay() {
      return calls.size;
    },
    get served() {
      return served;
    },
    get usedBytes() {
      return usedBytes;
    },
    get state() {
      if (ending !== undefined) return 'ended';
      if (coldMs === undefined) return 'starting';
      if (calls.size > 0) return 'busy';
      if (resting > 0 || freezeAfterMs === 'off') return 'idle';
      return Date.now() - restedAt >= freezeAfterMs ? 'frozen' : 'idle';
    },
    async call(event, killAfterMs) {
      const wasReady = coldMs !== undefined;
      const { callId, outcome } = calls.open(timeoutMs, () => {
        end(timeoutEnding(callId, timeoutMs));
      });
      const requestId = randomUUID();
      const deadline = Date.now() + timeoutMs;
      const message: CallMessage = { callId, event: JSON.stringify(event), requestId, deadline, identity };
      Atomics.add(posted, 0, 1);
      worker.postMessage(message);
      Atomics.notify(posted, 0);
      if (killAfterMs !== undefined) endAfter(killAfterMs, outcome);
      return { ...(await outcome), instance: { id, coldMs: wasReady ? undefined : coldMs } };
    },
    retire(how) {
      if (calls.size === 0) end(how);
      else retirement = how;
    },
    end,
    gone,
    get wasReady() {
      return coldMs !== undefined;
    },
    get isSettled() {
      return ending !== undefined || (calls.size === 0 && resting === 0);
    },
  };
  return instance;
}
