import { factsOf, type Calls } from '../calls/calls.js';
import type { CloseCause } from './connections.js';
import type { EventBuilder, Handshake } from '../events/event-builder.js';
import type { FaultTable } from '../faults/table.js';
import type { Waiting } from '../faults/waiting.js';
import { logDisconnect, logLostDisconnect } from '../timeline/gateway-log.js';
import type { Operation } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';

export interface DisconnectsOptions {
  readonly events: EventBuilder;
  readonly calls: Calls;
  readonly faults: FaultTable;
  readonly waiting: Waiting;
  readonly timeline: Timeline;
  /** How often an event is tried that the function service refuses with 429. */
  readonly disconnectAttempts: number;
}

/** Tells functions that connections have ended. The cloud tries to, and does not guarantee it. Documented. */
export interface Disconnects {
  /** @param fault One that has struck already, for the timeline. */
  emit(operation: Operation, handshake: Handshake, cause: CloseCause, fault?: string): Promise<void>;
}

/** How late a late event is, unless the fault says otherwise. */
const LATENESS_MS = 5000;

/** Between two attempts. */
const RETRY_AFTER_MS = 1000;

export function createDisconnects({
  events,
  calls,
  faults,
  waiting,
  timeline,
  disconnectAttempts,
}: DisconnectsOptions): Disconnects {
  async function callOnce(
    operation: Operation,
    handshake: Handshake,
    cause: CloseCause,
    fault: string | undefined,
  ): Promise<void> {
    const reason = cause.by === 'client' ? cause.reason : '';
    const event = events.disconnect(handshake, operation, cause.code, reason);
    let invocation = await calls.call(operation, event, factsOf(handshake));
    for (let attempt = 1; invocation.status === 429 && attempt < disconnectAttempts; attempt++) {
      await waiting.wait(RETRY_AFTER_MS);
      invocation = await calls.call(operation, event, factsOf(handshake));
    }
    logDisconnect(timeline, handshake, invocation, fault);
  }

  return {
    async emit(operation, handshake, cause, fault) {
      // An early event is one that arrives during the handshake; it is over.
      const struck = faults.decide('disconnect', factsOf(handshake), ({ effect }) => effect !== 'early');
      const text = struck?.text ?? fault;
      if (struck?.fault.effect === 'lost') {
        logLostDisconnect(timeline, handshake, struck.text);
        return;
      }
      if (struck?.fault.effect === 'late') await waiting.wait(struck.fault.delayMs ?? LATENESS_MS);
      const first = callOnce(operation, handshake, cause, text);
      const second =
        struck?.fault.effect === 'duplicate' ? callOnce(operation, handshake, cause, text) : undefined;
      await Promise.all([first, second]);
    },
  };
}
