import type { Attributes, StoredConnection } from './connection.js';
import { BroadcastError } from '../base/errors.js';
import type { InvocationAware } from '../base/invocation.js';
import type { RoomPosition } from '../base/protocol.js';
import type { RecordStore } from './records.js';
import type { StateStore } from './state.js';

/** An audience that stores keep in a list of its own. */
export type SingleAudience = { readonly room: string } | { readonly user: string } | { readonly all: true };

/**
 * Whom a listing addresses. `rooms`: whoever is in at least one of them, 1 to `MAX_ROOMS`; one that is named
 * twice is one.
 */
export type Audience = SingleAudience | { readonly rooms: readonly string[] };

/** Whom a broadcast addresses: an audience that stores list, or one connection by its id. */
export type BroadcastAudience = Audience | { readonly connection: string };

/**
 * The part of an audience whose ids fall on `index` when all are spread over `count`; see {@link shardOf}.
 */
export interface Shard {
  /** A whole number from 0 to `count` - 1. */
  readonly index: number;
  /** A whole number, at least 1. */
  readonly count: number;
}

/** Which part of an audience is listed. */
export interface ListOptions {
  /**
   * Continue behind this connection id, which may have left in the meantime. From the beginning when absent.
   */
  readonly after?: string | undefined;
  /** Most connections in the page, at least 1. */
  readonly limit: number;
  readonly shard?: Shard | undefined;
}

/** A connection as it stands in a page. */
export interface ListedConnection extends StoredConnection {
  /**
   * In an audience of several rooms: which of them it is in, in the order of the audience. Otherwise absent.
   */
  readonly rooms?: readonly string[] | undefined;
}

/** A part of an audience, and how to go on. */
export interface Page {
  readonly connections: readonly ListedConnection[];
  /** Whether nothing follows. A page may be shorter than `limit`, even empty, and not be the last one. */
  readonly done: boolean;
  /** Pass as `after` to continue; set unless `done`. Needed because a page may be empty. */
  readonly next?: string | undefined;
}

/** `stored`, or `removed` when a disconnect came first: then nothing is stored. */
export type PutResult = 'stored' | 'removed';

/**
 * `joined` also when it was in the room before, `absent` when the connection is unknown, removed or expired.
 */
export type JoinResult = 'joined' | 'absent';

/**
 * Where connections and their rooms are remembered. Two instances of a function share nothing else, so the
 * rules are about races. `yc-broadcast/testing` publishes them as cases that any implementation can run.
 *
 * - **Remove wins.** After `remove(id)`, `put` of that id stores nothing and `join` reports `absent`, also
 *   when the `put` comes later (a disconnect event can overtake its connect event) or runs at the same time.
 *   A removal is remembered for at least `CONNECTION_TTL_MS`; the gateway never reuses an id.
 * - **Expiry.** A connection with `expiresAt <= now` is treated as absent by every method, whether or not
 *   the backend has deleted it yet. `now` is the clock of the instance that asks; stores take it as an
 *   option. Only what a `put` of an expired id does to its former rooms is left open, since ids are not
 *   reused.
 * - **Last call wins.** Of two calls one after the other, the later one holds, from whichever instances
 *   they come. Their clocks differ by seconds, so no time stamp decides.
 * - **Repeats.** A store that sends a call again because its answer was lost does not undo what others have
 *   done since: the call takes effect once. Where the store cannot tell whether it did, it rejects with
 *   `STORE_UNAVAILABLE`.
 * - **Order.** An audience (with its shard, if any) has one order that does not depend on who joins or
 *   leaves, nor on the page size. `list` goes through it, so whoever is present from the first page to the
 *   last is listed exactly once, and a listing can be continued behind any id that it listed, at any later
 *   time, from any instance.
 * - **Several rooms.** Rooms are listed in one order of ids, so that several are listed as one: whoever is
 *   in at least one of them from the first page to the last is listed exactly once, also when it moves
 *   between them meanwhile.
 * - **Reads see writes.** What one call has stored, a call that starts after it has resolved sees, from any
 *   instance.
 * - **Failover.** A backend that comes back older than what it acknowledged (a promoted replica, a restart
 *   from a snapshot) has connections, rooms and removals as they were. The next broadcast finds the removed
 *   ones stale, and clients bring lost ones back when they connect again.
 * - **Names.** Ids, rooms and users are non-empty strings of at most 1,024 UTF-8 bytes, without U+0000 and
 *   without half a surrogate pair, which some backends cannot keep; `INVALID_OPTIONS` otherwise. All others
 *   are kept apart code unit by code unit: case, spaces and Unicode forms matter.
 * - **Errors.** Rejects with {@link BroadcastError} only and never throws at the call: `INVALID_OPTIONS`
 *   for a wrong argument, `STORE_UNAVAILABLE` when the backend cannot be reached.
 */
export interface ConnectionStore extends InvocationAware {
  readonly name: string;
  /** Stores a copy of a connection. A second `put` of the same id replaces everything but the rooms. */
  put(connection: StoredConnection): Promise<PutResult>;
  get(id: string): Promise<StoredConnection | undefined>;
  /**
   * Replaces the attributes and nothing else; listings show them at once. Returns whether the connection is
   * there.
   */
  setAttributes(id: string, attributes: Attributes): Promise<boolean>;
  /** Removes connections with their memberships. Unknown ids are fine. Any number of ids. */
  remove(ids: readonly string[]): Promise<void>;
  /** Nothing is remembered of an absent connection: a `put` that comes later has no rooms. */
  join(id: string, room: string): Promise<JoinResult>;
  /** Does nothing when it is not in the room. */
  leave(id: string, room: string): Promise<void>;
  /** The rooms of a connection, in no particular order; empty when it is absent. */
  rooms(id: string): Promise<readonly string[]>;
  /**
   * One page of an audience. A `limit` or a shard out of bounds is `INVALID_OPTIONS`, never an empty page.
   */
  list(audience: Audience, options: ListOptions): Promise<Page>;
  /** How many connections the audience has: as many as would be listed. */
  count(audience: Audience): Promise<number>;
  /** Present when the store can keep a history of rooms. */
  readonly history?: HistoryStore | undefined;
  /** Present when the store can keep records: what the jobs of a queue share. */
  readonly records?: RecordStore | undefined;
  /** Present when the store can keep the state of rooms. */
  readonly state?: StateStore | undefined;
  /**
   * Gives back sockets and timers of clients that the store made itself; what is stored stays. May be called
   * twice.
   */
  close?(): Promise<void>;
}

/** A store that keeps histories and records as well, as all of this package do. */
export interface CompleteStore extends ConnectionStore {
  readonly history: HistoryStore;
  readonly records: RecordStore;
}

/** Where a reader stands in a room's history; the form in which clients keep it. */
export type HistoryPosition = RoomPosition;

/** A message of a history, with its place. */
export interface HistoryEntry {
  readonly offset: number;
  /** The text that was appended, unchanged. */
  readonly data: string;
  /** When it was appended, in Unix milliseconds. */
  readonly at: number;
}

/** The same in every append to one room; what happens when they change is left to the store. */
export interface HistoryLimits {
  /** Keep at most this many entries. */
  readonly maxEntries: number;
  /** Keep an entry for this long, in milliseconds: it cannot be read once `at + maxAgeMs <= now`. */
  readonly maxAgeMs: number;
}

/**
 * `since` was answered completely (`recovered`), or part of it is gone and `entries` is empty. Never a part
 * of it.
 */
export interface HistoryRead {
  readonly recovered: boolean;
  readonly entries: readonly HistoryEntry[];
  /** The newest entry, also when it is not among `entries`. */
  readonly position: HistoryPosition;
  /**
   * Whether more than `limit` entries follow `since`: read again behind the last one. False without `since`.
   */
  readonly more: boolean;
}

/**
 * Numbered messages of a room, kept for clients that come back. Rooms need no members, and names follow the
 * rules of {@link ConnectionStore}, as do errors and reads.
 *
 * - **No gap in the numbers.** Offsets of one room and epoch are consecutive, whoever appends, also from
 *   two instances at once. The first epoch of a room begins at 1.
 * - **A lost append ends the epoch.** When the backend may have lost appends (a failover, a restart from a
 *   snapshot) and would give their numbers again, the room gets another epoch. Numbers and entries that
 *   survived may stay. Where the backend cannot know, its page in the docs says so.
 * - **No gap in the entries.** What can be read is the newest n entries, for some n. Where the clocks of
 *   instances differ, this goes before `maxAgeMs`: an aged entry may stay readable as long as an older one
 *   is.
 * - **All or nothing.** When an entry behind `since` was trimmed, has aged or was lost, the answer is
 *   `recovered: false` with the position and no entries; likewise for an epoch or an offset that the room
 *   never had.
 * - **Quiet rooms.** Trimming and ageing do not touch the numbers: who stands at the newest entry has
 *   missed nothing and is told `recovered: true`. A room that is empty has a position as well, offset 0, and
 *   what is appended later follows it. Numbers are remembered for at least `CONNECTION_TTL_MS` after the last
 *   entry has aged, or after an empty room was read; then the room may begin again, with another epoch.
 */
export interface HistoryStore {
  append(room: string, data: string, limits: HistoryLimits): Promise<HistoryPosition>;
  /**
   * What follows `since`, oldest first; without it the newest `limit` entries, oldest first and
   * `recovered: true`. `limit` is a whole number, `INVALID_OPTIONS` otherwise; 0 asks for the position only.
   */
  read(
    room: string,
    options: { readonly since?: HistoryPosition | undefined; readonly limit: number },
  ): Promise<HistoryRead>;
}

/**
 * The shard of `count` on which a connection id falls: FNV-1a over its UTF-16 code units, the same in every
 * store and instance, so that workers can divide an audience between them without talking.
 */
export function shardOf(id: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % count;
}

/** For stores: throws `INVALID_OPTIONS` for a `limit` or a `shard` that cannot be listed. */
export function checkListOptions({ limit, shard }: ListOptions): void {
  checkInteger(limit, 1, 'limit');
  if (shard === undefined) return;
  checkInteger(shard.count, 1, 'shard.count');
  checkInteger(shard.index, 0, 'shard.index');
  if (shard.index >= shard.count) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `shard.index: expected less than shard.count, ${shard.count}`,
    );
  }
}

/** For stores: throws `INVALID_OPTIONS` for a `limit` that a history cannot answer. */
export function checkReadLimit(limit: number): void {
  checkInteger(limit, 0, 'limit');
}

function checkInteger(value: number, min: number, what: string): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new BroadcastError('INVALID_OPTIONS', `${what}: expected a whole number, at least ${min}`);
}
