import type { StoredConnection } from '../../model/connection.js';
import { checkServerData, type Contract, type ServerDataOf } from '../../model/contract.js';
import type { Dispatched } from '../../model/dispatched-broadcast.js';
import type { SendReport } from '../../model/report.js';
import { roomsIn } from '../../model/several-rooms.js';
import type { EncodedPayload, Payload } from '../../model/transport.js';
import { begin, type Broadcast, type MakePayload } from './begin.js';
import { timeLimitsOf, type FanoutDeps } from './deps.js';
import { dispatcherOf, type Dispatcher, type DispatchOptions } from './dispatch.js';
import { acceptanceOf, addExceptions, addWhere, type Exception, type Filter, type Where } from './filter.js';
import { forecast, type Forecast } from './forecast.js';
import { closingSender, goodbyeText, type Goodbye } from './goodbye.js';
import { copiesOf, copyText } from './copies.js';
import { messageId, serverMessageText } from './message.js';
import { placesOf } from './numbering.js';
import type { Selection } from './selection.js';
import { parseSendOptions, type SendOptions } from './send-options.js';

/**
 * Whom a broadcast addresses. Immutable: every method returns a new target, so one can be kept and used
 * again.
 *
 * Sending resolves with a report, also when nobody was reached; a recipient in trouble is in the report, not
 * an exception. It rejects when nothing could be sent for a reason of the caller's (`INVALID_OPTIONS`,
 * `PAYLOAD_TOO_LARGE`) or because the store cannot be read at all (`STORE_UNAVAILABLE`).
 */
export interface Target<K extends Contract = Contract> {
  /** Leaves out connections, by id or as they are. Any number of them. */
  except(...connections: readonly Exception[]): Target<K>;
  /**
   * Only connections whose attributes equal all of these, or for which the function returns true. A filter is
   * not security.
   */
  where(where: Where): Target<K>;
  /**
   * The same message for all, checked against the contract and encoded once. To a whole room with a history
   * it is kept there first, which can fail with `STORE_UNAVAILABLE` before anything is sent, and carries its
   * place.
   *
   * With `broadcast.fanout`, an audience above its `threshold` is dispatched instead, and the report says so
   * (`dispatched`); not when there is a `signal`, an `onProgress` or a `where` function, which go with
   * sending from here.
   */
  send<T extends keyof K['server'] & string>(
    type: T,
    data: ServerDataOf<K, T>,
    options?: SendOptions,
  ): Broadcast<SendReport>;
  /**
   * The same message for all, sent by workers: written down once, with one job in the queue for each shard of
   * the audience. Resolves when all jobs are in the queue. A function in `where` is refused, since it cannot
   * travel.
   *
   * Rejects with `INVALID_OPTIONS` when there is no `broadcast.fanout` or the store keeps no records, and
   * with `QUEUE_UNAVAILABLE` when some jobs may not be in the queue: the same call with the same
   * `idempotencyKey` makes up for it.
   */
  dispatch<T extends keyof K['server'] & string>(
    type: T,
    data: ServerDataOf<K, T>,
    options?: DispatchOptions,
  ): Promise<Dispatched>;
  /**
   * A message of its own for each recipient, made when its turn comes. `undefined` leaves the recipient out.
   * What `dataOf` throws makes that recipient a failed one and harms nobody else. Never part of a history.
   */
  sendEach<T extends keyof K['server'] & string>(
    type: T,
    dataOf: (connection: StoredConnection) => EachData<K, T> | Promise<EachData<K, T>>,
    options?: SendOptions,
  ): Broadcast;
  /** Text or bytes as they are, without an envelope: no type, no id, no contract, no history. */
  sendRaw(payload: Payload, options?: SendOptions): Broadcast;
  /**
   * Tells why (`$bye`), then closes the connections. They stay in the store until their disconnect events
   * come, so that `onDisconnect` is told of them. Report, retries and deadline are those of a broadcast:
   * delivered means told and closed. A client sees the reason unless its connection is closed before the
   * message is out, which the platform leaves open.
   */
  disconnect(goodbye: Goodbye, options?: SendOptions): Broadcast;
  /** What `send` with the same arguments would do, without sending. Reads the store. */
  forecast<T extends keyof K['server'] & string>(
    type: T,
    data: ServerDataOf<K, T>,
    options?: SendOptions,
  ): Promise<Forecast>;
}

/** What `sendEach` takes for one recipient. */
export type EachData<K extends Contract, T extends keyof K['server']> = ServerDataOf<K, T> | undefined;

/** What a broadcaster's audiences are reached with. */
export interface BroadcasterDeps extends FanoutDeps {
  readonly fanout: Dispatcher | undefined;
}

export function createTarget<K extends Contract>(deps: BroadcasterDeps, selection: Selection): Target<K> {
  const { transport, fanout } = deps;
  const rooms = roomsIn(selection.audience);
  const narrowed = (filter: Filter): Target<K> => createTarget<K>(deps, { ...selection, filter });
  const textOf = (type: string, data: unknown, id: string): string =>
    serverMessageText({ type, data: checkServerData(deps.contract, type, data), id });
  const encode = (text: string, rooms: readonly string[]): EncodedPayload =>
    transport.encode(copyText(text, rooms.slice(0, 1), []));
  const beginFromHere = (options: SendOptions | undefined, payloadFor: MakePayload): Broadcast =>
    begin(deps, selection, options, ({ send }) => send(payloadFor));

  return {
    except: (...connections) => narrowed(addExceptions(selection.filter, connections)),
    where: (where) => narrowed(addWhere(selection.filter, where)),
    send: (type, data, given) => {
      const text = (id: string): string => textOf(type, data, id);
      return begin(deps, selection, given, async ({ options, send }) => {
        const dispatched = await fanout?.takeOver(deps, selection, text, options);
        return (
          dispatched ??
          send(async (id, isOver) => {
            const bare = text(id);
            return copiesOf(deps, selection.audience, bare, await placesOf(deps, selection, bare, isOver));
          })
        );
      });
    },
    dispatch: async (type, data, options) =>
      dispatcherOf(deps).dispatch(deps, selection, (id) => textOf(type, data, id), options),
    sendEach: (type, dataOf, options) =>
      beginFromHere(options, (id) => ({
        each: async (connection) => {
          const data = await dataOf(connection);
          return data === undefined ? undefined : encode(textOf(type, data, id), connection.rooms ?? rooms);
        },
      })),
    sendRaw: (payload, options) => beginFromHere(options, () => ({ same: transport.encode(payload) })),
    disconnect: (goodbye, options) =>
      begin({ ...deps, transport: closingSender(transport) }, selection, options, ({ send }) =>
        send((id) => ({ same: transport.encode(goodbyeText(goodbye, id)) })),
      ),
    forecast: async (type, data, options) => {
      const { endsAt } = timeLimitsOf(deps, parseSendOptions(options));
      const { bytes } = encode(textOf(type, data, messageId(undefined)), rooms);
      const { audience, filter } = selection;
      return forecast(deps, { audience, accepts: acceptanceOf(filter), bytes, endsAt });
    },
  };
}
