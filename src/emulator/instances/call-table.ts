import type { FunctionInvocation } from '../calls/invoker.js';

/** What became of a call, without how long it took. */
export type CallOutcome = Omit<FunctionInvocation, 'durationMs'>;

/** The calls that an instance works on, each with its time limit. */
export interface CallTable {
  readonly size: number;
  /** Opens a call; `onTimeout` is told when it takes too long. */
  open(
    timeoutMs: number,
    onTimeout: () => void,
  ): { readonly callId: number; readonly outcome: Promise<CallOutcome> };
  settle(callId: number, outcome: CallOutcome): void;
  /** Ends every call: the instance is gone. */
  settleAll(outcomeOf: (callId: number) => CallOutcome): void;
}

export function createCallTable(): CallTable {
  const calls = new Map<
    number,
    { readonly resolve: (outcome: CallOutcome) => void; timer: NodeJS.Timeout }
  >();
  let lastId = 0;

  function settle(callId: number, outcome: CallOutcome): void {
    const call = calls.get(callId);
    if (call === undefined) return;
    calls.delete(callId);
    clearTimeout(call.timer);
    call.resolve(outcome);
  }

  return {
    get size() {
      return calls.size;
    },
    open(timeoutMs, onTimeout) {
      const callId = ++lastId;
      const outcome = new Promise<CallOutcome>((resolve) => {
        calls.set(callId, { resolve, timer: setTimeout(onTimeout, timeoutMs) });
      });
      return { callId, outcome };
    },
    settle,
    settleAll(outcomeOf) {
      for (const callId of [...calls.keys()]) settle(callId, outcomeOf(callId));
    },
  };
}
