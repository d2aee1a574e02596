import * as z from 'zod/mini';
import { BroadcastError, type ErrorCode } from '../base/errors.js';
import { deadlineOf, type FunctionContext } from '../base/invocation.js';
import { functionOption, lazily, objectWith, parseOptions } from '../base/options.js';
import type { StoredConnection } from '../model/connection.js';
import type { Contract } from '../model/contract.js';
import { publish } from '../model/diagnostics.js';
import { logError } from './app/log-error.js';
import type { Broadcaster } from './broadcast.js';
import type { PresencePublisher, RoomPresence } from './presence/presence.js';

/** How far one sweep goes, and what it is part of. */
export interface SweepOptions {
  /** The call of the function that it runs in: it ends before its deadline. Default: there is none. */
  readonly context?: FunctionContext | undefined;
  /**
   * Most connections that are looked at, at most 100,000. Each costs a request to the gateway. @default 1000
   */
  readonly limit?: number | undefined;
  /** Goes on behind another sweep: its `next`. Default: begins with the first connection. */
  readonly after?: string | undefined;
  /** The app's `rooms.presence`: rooms are told who is gone. Default: nobody is told. */
  readonly presence?: RoomPresence | undefined;
  /** Most requests under way at once. @default 100 */
  readonly concurrency?: number | undefined;
  /** Longest time of one request, in milliseconds. @default 3000 */
  readonly timeoutMs?: number | undefined;
  /** The clock, in Unix milliseconds; the app's, if it has one. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** What a sweep has found. */
export interface SweepReport {
  /** Connections of which the gateway said whether it knows them. */
  readonly checked: number;
  /** Those that it does not know any more; they are no longer stored. */
  readonly removed: number;
  /** Connections that the gateway was asked for without learning anything. They stay. */
  readonly failed: number;
  /** Why, as the last of them says; absent when none failed. */
  readonly code?: ErrorCode | undefined;
  /** Where to go on; absent when nothing follows. It names a connection, so keep it from clients. */
  readonly next?: string | undefined;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    context: z.optional(objectWith<FunctionContext>('the context of the call')),
    limit: z._default(z.int().check(z.minimum(1), z.maximum(100_000)), 1000),
    after: z.optional(z.string().check(z.minLength(1))),
    presence: z.optional(objectWith<RoomPresence>('presence()', 'watch')),
    concurrency: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 100),
    timeoutMs: z._default(z.number().check(z.minimum(1)), 3000),
    now: z._default(functionOption<() => number>(), () => Date.now),
  }),
);

/**
 * The gateway does not know a connection before its handshake is answered, and its row is written earlier.
 */
const YOUNG_MS = 60_000;
/** Kept free before the deadline, to remove what was found. */
const RESERVE_MS = 500;

/**
 * Asks the gateway for stored connections, and removes those that it says it does not know: when a disconnect
 * event gets lost, a connection to which nothing is sent stays stored for 61 minutes. Connections that are
 * younger than a minute are left alone.
 *
 * Throws `INVALID_OPTIONS` that names the option, and rejects when the store does. A gateway that answers
 * nothing ends it early, with `failed`.
 *
 * @example
 * app.onOtherEvent(async ({ event, broadcaster, context }) => {
 *   if (event.type === 'timer') await sweep(broadcaster, { context });
 * });
 */
export async function sweep<K extends Contract>(
  broadcaster: Broadcaster<K>,
  options: SweepOptions = {},
): Promise<SweepReport> {
  const { context, limit, after, concurrency, now, ...parsed } = parseOptions(
    optionsSchema(),
    options,
    'sweep',
  );
  const { store, transport } = context === undefined ? broadcaster : broadcaster.during(context);
  const presence = parsed.presence?.watch(broadcaster, now, (error, during) => {
    logError({ error, during, requestId: context?.requestId });
  });
  const endsAt = (deadlineOf(context, Date.now()) ?? Infinity) - RESERVE_MS;
  let total: SweepReport = { checked: 0, removed: 0, failed: 0 };
  let next = after;
  for (let left = limit; left > 0 && Date.now() < endsAt;) {
    const page = await store.list({ all: true }, { after: next, limit: Math.min(left, concurrency) });
    const timeoutMs = Math.max(1, Math.min(parsed.timeoutMs, endsAt - Date.now()));
    const ask = async ({ id }: StoredConnection): Promise<Answer> =>
      transport.get(id, { timeoutMs }).then(
        () => undefined,
        (reason: unknown) => BroadcastError.from(reason).code,
      );
    const old = page.connections.filter(({ connectedAt }) => connectedAt <= now() - YOUNG_MS);
    const answers = await Promise.all(old.map(ask));
    const gone = old.filter((_connection, index) => answers[index] === STALE);
    const failures = answers.filter((code) => code !== undefined && code !== STALE);
    await remove(broadcaster, presence, gone);
    total = {
      checked: total.checked + old.length - failures.length,
      removed: total.removed + gone.length,
      failed: total.failed + failures.length,
      code: failures.at(-1) ?? total.code,
    };
    if (page.done) return total;
    next = page.next;
    left -= page.connections.length;
    // A gateway that is away, or does not let us ask, says nothing of the next page either.
    if (failures.length > 0 && failures.length === old.length) break;
  }
  return next === undefined ? total : { ...total, next };
}

/** Why nothing was said of a connection; `undefined` when it is there. */
type Answer = ErrorCode | undefined;
const STALE = 'CONNECTION_STALE';

async function remove<K extends Contract>(
  { store }: Broadcaster<K>,
  presence: PresencePublisher | undefined,
  gone: readonly StoredConnection[],
): Promise<void> {
  if (gone.length === 0) return;
  const ids = gone.map(({ id }) => id);
  const rooms = presence === undefined ? [] : await Promise.all(ids.map((id) => store.rooms(id)));
  await store.remove(ids);
  publish({ type: 'removed', connectionIds: ids });
  for (const [index, connection] of gone.entries()) {
    for (const room of rooms[index] ?? []) await presence?.left(connection, room);
  }
}
