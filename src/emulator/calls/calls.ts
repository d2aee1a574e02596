import type { Handshake } from '../events/event-builder.js';
import type { FaultFacts, FaultTable } from '../faults/table.js';
import type { FunctionInvocation } from './invoker.js';
import type { Operation } from '../routing/routes.js';

/**
 * The gateway's calls of functions: knows how many have not ended, and kills instances where a fault says so.
 */
export interface Calls {
  call(operation: Operation, event: Record<string, unknown>, facts: FaultFacts): Promise<StruckInvocation>;
  /** Counts something else that the gateway has begun and not ended. */
  track<T>(work: Promise<T>): Promise<T>;
  underWay(): number;
}

export interface StruckInvocation extends FunctionInvocation {
  /** The fault that acted on it, in its textual form. */
  readonly fault?: string | undefined;
}

export function createCalls(faults: FaultTable): Calls {
  let underWay = 0;

  async function track<T>(work: Promise<T>): Promise<T> {
    underWay++;
    try {
      return await work;
    } finally {
      underWay--;
    }
  }

  return {
    async call({ invoker }, event, facts) {
      const strike = faults.decide('instance', facts);
      if (strike === undefined) return track(invoker.invoke(event));
      const killAfterMs = strike.fault.delayMs ?? 0;
      return { ...(await track(invoker.invoke(event, { killAfterMs }))), fault: strike.text };
    },
    track,
    underWay: () => underWay,
  };
}

/** What faults look at, for something that belongs to a connection. */
export function factsOf({ connectionId, path, template }: Handshake): FaultFacts {
  return { connectionId, path, template };
}
