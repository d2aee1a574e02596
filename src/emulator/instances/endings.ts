import type { CallOutcome } from './call-table.js';

/** Why an instance is no more. */
export interface Ending {
  readonly why: 'unloadable' | 'timeout' | 'memory' | 'crash' | 'killed' | 'replaced' | 'evicted' | 'stopped';
  /** In words, for the log and for the calls that it has aborted. */
  readonly reason: string;
  /** The call that took too long. */
  readonly callId?: number | undefined;
}

export function timeoutEnding(callId: number, timeoutMs: number): Ending {
  return { why: 'timeout', reason: `no answer within ${timeoutMs} ms`, callId };
}

export function memoryEnding(memoryMb: number): Ending {
  return { why: 'memory', reason: `out of memory: it needs more than ${memoryMb} MB` };
}

/** What Node.js says when a worker ends by itself. */
export function crashEnding(error: unknown, memoryMb: number): Ending {
  // Node.js makes it outside of the realm of a test runner, where `instanceof Error` does not hold.
  const { code, stack } = Object(error) as { readonly code?: unknown; readonly stack?: unknown };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return memoryEnding(memoryMb);
  const text = typeof stack === 'string' ? stack : String(error);
  return { why: 'crash', reason: `it crashed outside the calls in progress: ${text}` };
}

export function exitEnding(exitCode: number): Ending {
  return { why: 'crash', reason: `the function ended its process with code ${exitCode}` };
}

/**
 * What the gateway gets for a call on an instance that is gone. Documented: a timeout is a 504, and ends all other calls
 * of the instance as well. That these, and those of a crash, are a 502 is an assumption.
 */
export function outcomeOf({ why, reason, callId }: Ending, ofCall: number): CallOutcome {
  if (why !== 'timeout') return { status: 502, problem: `its instance is gone: ${reason}` };
  return ofCall === callId
    ? { status: 504, problem: reason }
    : { status: 502, problem: 'its instance was stopped: another call on it took too long' };
}
