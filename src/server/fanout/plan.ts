import type { StoredConnection } from '../../model/connection.js';
import {
  checkServerData,
  type Contract,
  type ServerDataOf,
  type ServerTypeOf,
} from '../../model/contract.js';
import type { EncodedPayload, Payload } from '../../model/transport.js';
import { begin, timesOf, type Broadcast, type PlanParts, type PlanTarget } from './begin.js';
import { queueOf, type Dispatched, type DispatchOptions } from './dispatch.js';
import { acceptanceOf, addExceptions, addWhere, type Exception, type Filter, type Where } from './filter.js';
import { forecast, type Forecast } from './forecast.js';
import { closingSender, goodbyeText, type Goodbye } from './goodbye.js';
import { addressedText, messageId, serverMessageText } from './message.js';
import { numberedPayload } from './numbering.js';
import { parseSendOptions, type SendOptions } from './send-options.js';

/**
 * Whom a broadcast addresses. Immutable: every method returns a new plan, so a plan can be kept and used again.
 *
 * Sending resolves with a report, also when nobody was reached; a recipient in trouble is in the report, not an
 * exception. It rejects when nothing could be sent for a reason of the caller's (`INVALID_OPTIONS`,
 * `PAYLOAD_TOO_LARGE`) or because the store cannot be read at all (`STORE_UNAVAILABLE`).
 */
export interface Plan<K extends Contract = Contract> {
  /** Leaves out connections, by id or as they are. Any number of them. */
  except(...connections: readonly Exception[]): Plan<K>;
  /** Only connections whose attributes equal all of these, or for which the function returns true. A filter is not security. */
  where(where: Where): Plan<K>;
  /**
   * The same message for all, checked against the contract and encoded once. To a whole room with a history it is kept
   * there first, which can fail with `STORE_UNAVAILABLE` before anything is sent, and carries its place.
   *
   * With a queue, an audience above its `threshold` is dispatched instead, and the report says so (`dispatched`); not
   * when there is a `signal`, an `onProgress` or a `where` function, which go with sending from here.
   */
  send<T extends ServerTypeOf<K>>(type: T, data: ServerDataOf<K, T>, options?: SendOptions): Broadcast;
  /**
   * The same message for all, sent by workers: written down once, with one job in the queue for each shard of the audience.
   * Resolves when all jobs are in the queue. A function in `where` is refused, since it cannot travel.
   *
   * Rejects with `INVALID_OPTIONS` when the broadcaster has no `queue` or the store keeps no records, and with
   * `QUEUE_UNAVAILABLE` when some jobs may not be in the queue: the same call with the same `idempotencyKey` makes up for it.
   */
  dispatch<T extends ServerTypeOf<K>>(
    type: T,
    data: ServerDataOf<K, T>,
    options?: DispatchOptions,
  ): Promise<Dispatched>;
  /**
   * A message of its own for each recipient, made when its turn comes. `undefined` leaves the recipient out. What
   * `dataOf` throws makes that recipient a failed one and harms nobody else. Never part of a history.
   */
  sendEach<T extends ServerTypeOf<K>>(
    type: T,
    dataOf: (connection: StoredConnection) => EachData<K, T> | Promise<EachData<K, T>>,
    options?: SendOptions,
  ): Broadcast;
  /** Text or bytes as they are, without an envelope: no type, no id, no contract, no history. */
  sendRaw(payload: Payload, options?: SendOptions): Broadcast;
  /**
   * Tells why (`$bye`), then closes the connections. They stay in the store until their disconnect events come, so that
   * `onDisconnect` is told of them. Report, retries and deadline are those of a broadcast: delivered means told and closed.
   * A client sees the reason unless its connection is closed before the message is out, which the platform leaves open.
   */
  disconnect(goodbye: Goodbye, options?: SendOptions): Broadcast;
  /** What `send` with the same arguments would do, without sending. Reads the store. */
  plan<T extends ServerTypeOf<K>>(
    type: T,
    data: ServerDataOf<K, T>,
    options?: SendOptions,
  ): Promise<Forecast>;
}

/** What `sendEach` takes for one recipient. */
export type EachData<K extends Contract, T extends keyof K['server']> = ServerDataOf<K, T> | undefined;

export function createPlan<K extends Contract>(parts: PlanParts, target: PlanTarget): Plan<K> {
  const narrowed = (filter: Filter): Plan<K> => createPlan<K>(parts, { ...target, filter });
  const textOf = (type: string, data: unknown, id: string): string =>
    serverMessageText({ type, data: checkServerData(parts.contract, type, data), id });
  const encode = (text: string): EncodedPayload =>
    parts.transport.encode(addressedText(text, target.audience));

  return {
    except: (...connections) => narrowed(addExceptions(target.filter, connections)),
    where: (where) => narrowed(addWhere(target.filter, where)),
    send: (type, data, options) =>
      begin(
        parts,
        target,
        options,
        (id, isOver) => numberedPayload(parts, target, textOf(type, data, id), isOver),
        () => parts.queue?.takeOver(parts, target, (id) => textOf(type, data, id), options),
      ),
    dispatch: async (type, data, options) =>
      queueOf(parts).dispatch(parts, target, (id) => textOf(type, data, id), options),
    sendEach: (type, dataOf, options) =>
      begin(parts, target, options, (id) => ({
        each: async (connection) => {
          const data = await dataOf(connection);
          return data === undefined ? undefined : encode(textOf(type, data, id));
        },
      })),
    sendRaw: (payload, options) =>
      begin(parts, target, options, () => ({ same: parts.transport.encode(payload) })),
    disconnect: (goodbye, options) =>
      begin({ ...parts, transport: closingSender(parts.transport) }, target, options, (id) => ({
        same: parts.transport.encode(goodbyeText(goodbye, id)),
      })),
    plan: async (type, data, options) => {
      const { endsAt } = timesOf(parts, parseSendOptions(options));
      const { bytes } = encode(textOf(type, data, messageId(undefined)));
      return forecast(parts, {
        audience: target.audience,
        accepts: acceptanceOf(target.filter),
        bytes,
        endsAt,
      });
    },
  };
}
