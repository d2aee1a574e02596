import { factsOf, type Calls } from '../calls/calls.js';
import type { OpenConnection } from './connections.js';
import type { EventBuilder } from '../events/event-builder.js';
import type { FaultTable } from '../faults/table.js';
import { codeIn, type Guesses } from '../profile/guesses.js';
import type { Waiting } from '../faults/waiting.js';
import { logDroppedMessage, logMessage } from '../timeline/gateway-log.js';
import type { Operation } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';
import { seenOf } from './seen-of-call.js';

export interface MessagesOptions {
  readonly events: EventBuilder;
  readonly calls: Calls;
  readonly faults: FaultTable;
  readonly waiting: Waiting;
  readonly timeline: Timeline;
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

/** How long a message waits to be overtaken, unless the fault says otherwise. */
const OVERTAKING_MS = 1000;

export function createMessages(options: MessagesOptions): Messages {
  const { events, calls, faults, waiting, timeline, reply, guess } = options;
  const inTurn = createTurns(guess('order.overlap') === 'serial');
  /** Handles the message that a fault keeps waiting. */
  const held = new Map<OpenConnection, () => void>();

  function handle(message: Message, fault: string | undefined): Promise<void> {
    return inTurn(message.connection, () => call(message, fault));
  }

  async function call(message: Message, fault: string | undefined): Promise<void> {
    const { operation, connection, event, body, isBinary } = message;
    if (operation.authorize !== undefined && guess('authorizer.asked-for-messages') === 'called')
      await operation.authorize({ ...connection.handshake, method: 'POST', operation: 'MESSAGE' });
    const invocation = await calls.call(operation, event, factsOf(connection.handshake));
    logMessage(timeline, connection, body, isBinary, invocation, fault);
    const seen = seenOf(invocation, guess);
    const code = seen.as === 'nothing' ? undefined : codeIn(seen.as);
    if (code !== undefined) options.close(connection, code);
    else if (seen.as !== 'nothing') reply(connection, seen.body, seen.isBinary);
  }

  function hold(message: Message, delayMs: number, fault: string | undefined): void {
    const { connection } = message;
    const cancel = waiting.start(delayMs, () => {
      release(connection);
    });
    held.set(connection, () => {
      cancel();
      held.delete(connection);
      void handle(message, fault);
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
    else void handle(message, undefined);
    if (effect === 'duplicate') void handle(message, struck?.text);
  }

  return {
    accept(operation, connection, body, isBinary) {
      // Built as it comes in: the order of message ids is that of receipt, whichever call is made first.
      const event = events.message(connection.handshake, operation, body, isBinary);
      const message = { operation, connection, event, body, isBinary };
      if (held.has(connection)) {
        void handle(message, undefined);
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

/** Lets the messages of a connection wait for each other, or not. */
function createTurns(isSerial: boolean) {
  const last = new WeakMap<OpenConnection, Promise<void>>();
  return (connection: OpenConnection, work: () => Promise<void>): Promise<void> => {
    if (!isSerial) return work();
    const turn = (last.get(connection) ?? Promise.resolve()).then(work);
    last.set(connection, turn);
    return turn;
  };
}
