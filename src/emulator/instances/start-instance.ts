import { randomUUID } from 'node:crypto';
import { BroadcastError } from '../../base/errors.js';
import type { Generation } from '../code/source.js';
import { readResponseText } from '../calls/invoker.js';
import { createCallTable, type CallOutcome } from './call-table.js';
import { memoryEnding, outcomeOf, timeoutEnding, type Ending } from './endings.js';
import type { Instance, InstanceListener, InstanceSettings, InstanceState } from './instance.js';
import { startThread } from './thread.js';
import type { InstanceMessage } from './wire.js';

const KILLED: Ending = { why: 'killed', reason: 'it was killed on request' };

const MEGABYTE = 1024 * 1024;

export function startInstance(
  id: number,
  program: string,
  generation: Generation,
  settings: InstanceSettings,
  listener: InstanceListener,
): Instance {
  const { timeoutMs, env, identity, ...rest } = settings;
  const { memoryMb, freezeAfterMs } = rest;
  const startedAt = Date.now();
  const begun = performance.now();
  const calls = createCallTable();
  const loading = promiseOfStart();
  let ending: Ending | undefined;
  /** Why it is to end when its calls have. */
  let draining: Ending | undefined;
  let coldMs: number | undefined;
  let served = 0;
  /** Calls that were answered, of which it has not told yet what they have left behind. */
  let resting = 0;
  let restedAt = 0;
  let usedBytes: number | undefined;

  const setup = { ...rest, module: generation.module };
  const thread = startThread(program, `#${id}`, setup, env, { onMessage: handle, onEnd: finish });

  function handle(message: InstanceMessage): void {
    switch (message.type) {
      case 'ready':
        coldMs = performance.now() - begun;
        restedAt = Date.now();
        loading.resolve(coldMs);
        break;
      case 'unloadable':
        end({ why: 'unloadable', reason: message.problem });
        break;
      case 'answered':
        answered(message.callId, message.usedBytes, readResponseText(message.json));
        break;
      case 'threw':
        answered(message.callId, message.usedBytes, { status: 502, problem: message.problem });
        break;
      case 'rested':
        resting--;
        restedAt = Date.now();
        if (message.unawaited.length > 0) listener.onUnawaited(instance, message.unawaited);
        break;
      case 'printed':
        listener.onPrinted(instance, message.stream, message.text);
        break;
      case 'memory-store':
        listener.onMemoryStore();
        break;
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
    if (draining !== undefined && calls.size === 0) end(draining);
    else listener.onFree(instance);
  }

  function finish(how: Ending): void {
    if (ending !== undefined) return;
    ending = how;
    loading.reject(new BroadcastError('INVALID_OPTIONS', how.reason));
    calls.settleAll((callId) => outcomeOf(how, callId));
    listener.onEnded(instance, how);
  }

  function end(how: Ending): void {
    finish(how);
    thread.terminate();
  }

  function killAfter(ms: number, outcome: Promise<unknown>): void {
    if (ms === 0) {
      end(KILLED);
      return;
    }
    const timer = setTimeout(end, ms, KILLED);
    void outcome.then(() => {
      clearTimeout(timer);
    });
  }

  function stateNow(): InstanceState {
    if (ending !== undefined) return 'ended';
    if (coldMs === undefined) return 'starting';
    if (calls.size > 0) return 'busy';
    if (resting > 0 || freezeAfterMs === 'off') return 'idle';
    return Date.now() - restedAt >= freezeAfterMs ? 'frozen' : 'idle';
  }

  async function call(event: Record<string, unknown>, killAfterMs?: number): Promise<CallOutcome> {
    const wasReady = coldMs !== undefined;
    const { callId, outcome } = calls.open(timeoutMs, () => {
      end(timeoutEnding(callId, timeoutMs));
    });
    const deadline = Date.now() + timeoutMs;
    thread.post({ callId, event: JSON.stringify(event), requestId: randomUUID(), deadline, identity });
    if (killAfterMs !== undefined) killAfter(killAfterMs, outcome);
    return { ...(await outcome), instance: { id, coldMs: wasReady ? undefined : coldMs } };
  }

  const instance: Instance = {
    id,
    generation,
    startedAt,
    ready: loading.promise,
    gone: thread.gone,
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
      return stateNow();
    },
    get wasReady() {
      return coldMs !== undefined;
    },
    get isSettled() {
      return ending !== undefined || (calls.size === 0 && resting === 0);
    },
    call,
    retire(how) {
      if (calls.size === 0) end(how);
      else draining = how;
    },
    end,
  };
  return instance;
}

/** Whoever wants to know how a start went awaits it; nobody has to. */
function promiseOfStart() {
  let settle: { resolve(ms: number): void; reject(reason: Error): void } | undefined;
  const promise = new Promise<number>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined);
  return {
    promise,
    resolve: (ms: number) => settle?.resolve(ms),
    reject: (reason: Error) => settle?.reject(reason),
  };
}
