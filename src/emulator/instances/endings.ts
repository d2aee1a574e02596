import type { CallOutcome } from './call-table.js';

/** Why an instance is no more. */
export interface InstanceEnding {
  readonly why: 'unloadable' | 'timeout' | 'memory' | 'crash' | 'killed' | 'replaced' | 'evicted' | 'stopped';
  /** In words, for the log and for the calls that it has aborted. */
  readonly reason: string;
  /** The call that took too long. */
  readonly callId?: number | undefined;
}

export function timeoutEnding(callId: number, timeoutMs: number): InstanceEnding {
  return { why: 'timeout', reason: `no answer within ${timeoutMs} ms`, callId };
}

export function memoryEnding(memoryMb: number): InstanceEnding {
  return { why: 'memory', reason: `out of memory: it needs more than ${memoryMb} MB` };
}

/** An exception or a rejection that nobody has caught. */
export function crashEnding(stack: string): InstanceEnding {
  return { why: 'crash', reason: `it crashed outside the calls in progress: ${stack}` };
}

/** A process that has ended by itself. Without code and signal it could not even be started. */
export function exitEnding(code: number | null, signal: NodeJS.Signals | null): InstanceEnding {
  if (code !== null) return { why: 'crash', reason: `the function ended its process with code ${code}` };
  const how = signal === null ? 'its process could not be started' : `its process was ended by ${signal}`;
  return { why: 'crash', reason: how };
}

/**
 * What the gateway gets for a call on an instance that is gone. Documented: a timeout is a 504, and ends all
 * other calls of the instance as well. That these, and those of a crash, are a 502 is an assumption.
 */
export function outcomeOf({ why, reason, callId }: InstanceEnding, ofCall: number): CallOutcome {
  if (why !== 'timeout') return { status: 502, problem: `its instance is gone: ${reason}` };
  return ofCall === callId
    ? { status: 504, problem: reason }
    : { status: 502, problem: 'its instance was stopped: another call on it took too long' };
}
