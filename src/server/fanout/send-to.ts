import { isWatched } from '../../model/diagnostics.js';
import { BroadcastError } from '../../base/errors.js';
import type { ListedConnection } from '../../model/store.js';
import type { EncodedPayload, Transport } from '../../model/transport.js';
import { deliver, type DeliveryContext, type Outcome, type RetryOptions } from './delivery.js';
import { createStop, type EarlyStop, type StopOptions } from './stop.js';

/** Makes the payload of one recipient; `undefined` leaves it out. */
export type PayloadMaker = (
  connection: ListedConnection,
) => EncodedPayload | undefined | Promise<EncodedPayload | undefined>;

/** What one recipient gets: the same for all, or made when its turn comes. */
export type PayloadSource = { readonly same: EncodedPayload } | { readonly each: PayloadMaker };

/** What to send and the limits that it is sent within: time, signal, pace and retries. */
export interface SendingOptions extends StopOptions {
  /** The id of the message, for the local gateway. */
  readonly id: string;
  readonly transport: Pick<Transport, 'send'>;
  readonly retry: RetryOptions;
  readonly payload: PayloadSource;
  /** Called once for each connection that a send was started for, unless its payload was `undefined`. */
  onOutcome(connectionId: string, outcome: Outcome): void;
}

/** How far a list of connections was gone through. */
export interface Started {
  /** How many sends were started; the connection with this index is the first that was not tried. */
  readonly started: number;
  /** Why no more were; `undefined` when all were started. */
  readonly stoppedBy: EarlyStop | undefined;
}

/**
 * One message on its way to connections, which may come in several lists. Knows neither stores nor audiences.
 */
export interface Sending {
  /**
   * Starts sends in the order of the list, within the pacer's window. Call it again only when it has
   * resolved.
   */
  start(connections: readonly ListedConnection[]): Promise<Started>;
  /**
   * Waits for `work`, but not beyond the moment at which a limit is reached; then it resolves with that
   * limit.
   */
  before<T>(work: Promise<T>): Promise<T | EarlyStop>;
  /**
   * Whether the latest recipients show that there is no connection to the gateway, also when all were
   * started.
   */
  isGatewayAway(): boolean;
  /** Resolves when every connection that was started has its outcome. Nothing can be started afterwards. */
  settled(): Promise<void>;
}

export function createSending(options: SendingOptions): Sending {
  const { pacer, payload, onOutcome, id } = options;
  const stop = createStop(options);
  const underWay = new Set<Promise<void>>();
  const context: DeliveryContext = {
    ...options,
    isStopped: () => stop.reason() !== undefined,
    watchedAs: isWatched() ? id : undefined,
  };

  async function sendOne(connection: ListedConnection): Promise<void> {
    const outcome = await outcomeFor(context, connection, payload);
    if (outcome === undefined) return;
    if (outcome.attempts > 0) stop.noteOutcome(outcome.kind === 'failed' ? outcome.error : undefined);
    onOutcome(connection.id, outcome);
  }

  return {
    async start(connections) {
      let started = 0;
      for (const connection of connections) {
        while (!pacer.hasRoom() && stop.reason() === undefined) await pacer.changed();
        const stoppedBy = stop.reason();
        if (stoppedBy !== undefined) return { started, stoppedBy };
        const send = pacer.run(() => sendOne(connection));
        underWay.add(send);
        void send.then(() => underWay.delete(send));
        started++;
      }
      return { started, stoppedBy: undefined };
    },
    before: stop.before,
    isGatewayAway: stop.isGatewayAway,
    async settled() {
      stop.dispose();
      await Promise.all(underWay);
    },
  };
}

/** What became of one list of connections. */
export interface SentTo extends Started {
  readonly isGatewayAway: boolean;
}

/** Sends to one list of connections. Resolves when each that was started has its outcome. */
export async function sendTo(
  connections: readonly ListedConnection[],
  options: SendingOptions,
): Promise<SentTo> {
  const sending = createSending(options);
  const { started, stoppedBy } = await sending.start(connections);
  await sending.settled();
  return { started, stoppedBy, isGatewayAway: sending.isGatewayAway() };
}

/**
 * One recipient, payload and delivery. Never rejects: a payload that cannot be made is that recipient's
 * failure.
 */
function outcomeFor(
  context: DeliveryContext,
  connection: ListedConnection,
  source: PayloadSource,
): Promise<Outcome | undefined> {
  if ('same' in source) return deliver(context, connection.id, source.same);
  return deliverOwn(context, connection, source.each);
}

async function deliverOwn(
  context: DeliveryContext,
  connection: ListedConnection,
  payloadFor: PayloadMaker,
): Promise<Outcome | undefined> {
  let payload: EncodedPayload | undefined;
  try {
    payload = await payloadFor(connection);
  } catch (reason) {
    return { kind: 'failed', error: BroadcastError.from(reason), attempts: 0 };
  }
  return payload === undefined ? undefined : deliver(context, connection.id, payload);
}
