import { factsOf, type Calls } from '../calls/calls.js';
import type { OpenConnection } from './connections.js';
import type { EventBuilder } from '../events/event-builder.js';
import type { FrameLimits } from './frame-limits.js';
import type { Guesses } from '../profile/guesses.js';
import { seenOf } from './seen-of-call.js';
import type { FaultTable } from '../faults/table.js';
import type { Waiting } from '../faults/waiting.js';
import { logDroppedMessage, logMessage } from '../timeline/gateway-log.js';
import type { Operation } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';

export interface MessagesOptions {
  readonly events: EventBuilder;
  readonly calls: Calls;
  readonly faults: FaultTable;
  readonly waiting: Waiting;
  readonly timeline: Timeline;
  readonly limits: FrameLimits;
  readonly messageOrder: MessageOrder;
  readonly guess: Guesses;
  /** Ends the connection. */
  close(connection: OpenConnection, code: number): void;
  /** Puts the function's reply on the socket, if it is still open. */
  reply(connection: OpenConnection, data: Buffer, isBinary: boolean): void;
}

/** What becomes of the messages of clients: a call of the function, and its reply. */
export interface Messages {
  accept(operation: Operation, connection: OpenConnection, body: Buffer, isBinary: boolean): void;
  /** No message will overtake any more: one that waits for that is handled now. */
  release(connection: OpenConnection): void;
}

/**
 * Whether the calls for the messages of one connection overlap, or each waits for the one before it. Both
 * were reported of the cloud.
 */
export type MessageOrder = 'overlapping' | 'serial';

/** Messages of one connection that wait for the one before them; then the client has to wait. */
const MAX_QUEUED = 100;

/** How long a message waits to be overtaken, unless the fault says otherwise. */
const OVERTAKING_MS = 1000;

export function createMessages(options: MessagesOptions): Messages {
  const { events, calls, faults, waiting, timeline, limits, reply, guess } = options;
  const run = options.messageOrder === 'serial' ? inTurn(calls, handle) : handle;
  /** Handles the message that a fault keeps waiting. */
  const held = new Map<OpenConnection, () => void>();

  async function handle(message: Message, fault: string | undefined): Promise<void> {
    const { operation, connection, event, body, isBinary } = message;
    if (operation.authorize !== undefined && guess('authorizer.asked-for-messages') === 'called')
      await operation.authorize({ ...connection.handshake, method: 'POST', operation: 'MESSAGE' });
    const invocation = await calls.call(operation, event, factsOf(connection.handshake));
    const replied = seenOf(invocation, limits.maxMessageBytes, guess);
    logMessage(timeline, connection, body, isBinary, invocation, replied, fault);
    if (replied.closeCode !== undefined) options.close(connection, replied.closeCode);
    else if (replied.data !== undefined) reply(connection, replied.data, replied.isBinary);
  }

  function hold(message: Message, delayMs: number, fault: string | undefined): void {
    const { connection } = message;
    const cancel = waiting.start(delayMs, () => {
      release(connection);
    });
    held.set(connection, () => {
      cancel();
      held.delete(connection);
      void run(message, fault);
    });
  }

  function release(connection: OpenConnection): void {
    held.get(connection)?.();
  }

  function strike(message: Message): void {
    const { connection, body, isBinary } = message;
    const struck = faults.decide('message', factsOf(connection.handshake));
    const { effect, delayMs = OVERTAKING_MS } = struck?.fault ?? {};
    if (effect === 'drop') logDroppedMessage(timeline, connection, body, isBinary, struck?.text);
    else if (effect === 'reorder') hold(message, delayMs, struck?.text);
    else void run(message, undefined);
    if (effect === 'duplicate') void run(message, struck?.text);
  }

  return {
    accept(operation, connection, body, isBinary) {
      // Built as it comes in: the order of message ids is that of receipt, whichever call is made first.
      const event = events.message(connection.handshake, operation, body, isBinary);
      const message = { operation, connection, event, body, isBinary };
      if (held.has(connection)) {
        void run(message, undefined);
        release(connection);
      } else {
        strike(message);
      }
    },
    release,
  };
}

interface Message {
  readonly operation: Operation;
  readonly connection: OpenConnection;
  readonly event: Record<string, unknown>;
  readonly body: Buffer;
  readonly isBinary: boolean;
}

type Handle = (message: Message, fault: string | undefined) => Promise<void>;

/** One message of a connection after the other. */
function inTurn(calls: Calls, handle: Handle): Handle {
  const queues = new Map<OpenConnection, { length: number; last: Promise<void> }>();
  return (message, fault) => {
    const { connection } = message;
    const queue = queues.get(connection) ?? { length: 0, last: Promise.resolve() };
    queues.set(connection, queue);
    if (++queue.length >= MAX_QUEUED) connection.socket.pause();
    queue.last = queue.last
      .then(() => handle(message, fault))
      .finally(() => {
        if (--queue.length < MAX_QUEUED) connection.socket.resume();
        if (queue.length === 0) queues.delete(connection);
      });
    return calls.track(queue.last);
  };
}
