import { randomUUID } from 'node:crypto';
import { BroadcastError } from '../../base/errors.js';
import type { Generation } from '../code/source.js';
import { readResponseText, type InvokeOptions } from '../calls/invoker.js';
import { createCallTable, type CallOutcome } from './call-table.js';
import { memoryEnding, outcomeOf, timeoutEnding, type InstanceEnding } from './endings.js';
import type { Instance, InstanceListener, InstanceSettings } from './instance.js';
import { startProcess } from './process.js';
import { createVitals } from './vitals.js';
import type { AnswerMessage, CallMessage, InstanceMessage } from './wire.js';

const KILLED: InstanceEnding = { why: 'killed', reason: 'it was killed on request' };

const MEGABYTE = 1024 * 1024;

/** @param program A file with the program of instances. */
export function startInstance(
  id: number,
  program: string,
  generation: Generation,
  settings: InstanceSettings,
  listener: InstanceListener,
): Instance {
  const { timeoutMs, env, identity: _, ...rest } = settings;
  const calls = createCallTable();
  const vitals = createVitals(rest.freezeAfterMs);
  const loading = promiseOfStart();
  let ending: InstanceEnding | undefined;
  /** Why it is to end when its calls have. */
  let draining: InstanceEnding | undefined;

  const child = startProcess(program, { ...rest, module: generation.module }, env, {
    onMessage: handle,
    onEnd: (how) => {
      finish({ ...how, reason: generation.mapPlaces(how.reason) });
    },
  });

  function handle(message: Exclude<InstanceMessage, { type: 'crashed' }>): void {
    switch (message.type) {
      case 'ready':
        loading.resolve(vitals.ready());
        break;
      case 'unloadable':
        end({ why: 'unloadable', reason: generation.mapPlaces(message.problem) });
        break;
      case 'answered':
        answered(message, readResponseText(message.json));
        break;
      case 'threw':
        answered(message, { status: 502, problem: generation.mapPlaces(message.problem) });
        break;
      case 'rested':
        vitals.rested();
        if (message.unawaited.length > 0) listener.onUnawaited(instance, message.unawaited);
        break;
      case 'printed':
        listener.onPrinted(instance, message.stream, generation.mapPlaces(message.text));
        break;
      case 'memory-store':
        listener.onMemoryStore();
        break;
      case 'diagnostic':
        listener.onDiagnostic(message.diagnostic);
    }
  }

  function answered({ callId, usedBytes }: AnswerMessage, outcome: CallOutcome): void {
    vitals.measured(usedBytes);
    if (usedBytes > rest.memoryMb * MEGABYTE) {
      end(memoryEnding(rest.memoryMb));
      return;
    }
    vitals.answered();
    calls.settle(callId, outcome);
    if (draining !== undefined && calls.size === 0) end(draining);
    else listener.onFree(instance);
  }

  function finish(how: InstanceEnding): void {
    if (ending !== undefined) return;
    ending = how;
    loading.reject(new BroadcastError('INVALID_OPTIONS', how.reason));
    calls.settleAll((callId) => outcomeOf(how, callId));
    listener.onEnded(instance, how);
  }

  function end(how: InstanceEnding): void {
    finish(how);
    child.terminate();
  }

  async function call(event: Record<string, unknown>, options: InvokeOptions): Promise<CallOutcome> {
    const wasReady = vitals.coldMs !== undefined;
    const { callId, outcome } = calls.open(timeoutMs, () => {
      end(timeoutEnding(callId, timeoutMs));
    });
    child.post(callMessage(callId, event, settings, options));
    if (options.killAfterMs !== undefined) killAfter(options.killAfterMs, outcome, end);
    return { ...(await outcome), instance: { id, coldMs: wasReady ? undefined : vitals.coldMs } };
  }

  const instance: Instance = {
    id,
    generation,
    startedAt: Date.now(),
    ready: loading.promise,
    gone: child.gone,
    get underWay() {
      return calls.size;
    },
    get served() {
      return vitals.served;
    },
    get usedBytes() {
      return vitals.usedBytes;
    },
    get state() {
      return ending === undefined ? vitals.state(calls.size > 0) : 'ended';
    },
    get wasReady() {
      return vitals.coldMs !== undefined;
    },
    get isSettled() {
      return ending !== undefined || (calls.size === 0 && !vitals.isResting);
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

function callMessage(
  callId: number,
  event: Record<string, unknown>,
  { timeoutMs, identity: own }: InstanceSettings,
  { functionId = own.functionId }: InvokeOptions,
): CallMessage {
  const deadline = Date.now() + timeoutMs;
  const identity = { ...own, functionId };
  return { callId, event: JSON.stringify(event), requestId: randomUUID(), deadline, identity };
}

function killAfter(ms: number, outcome: Promise<unknown>, end: (how: InstanceEnding) => void): void {
  if (ms === 0) {
    end(KILLED);
    return;
  }
  const timer = setTimeout(end, ms, KILLED);
  void outcome.then(() => {
    clearTimeout(timer);
  });
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
