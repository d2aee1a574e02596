import type { Attributes, StoredConnection } from './connection.js';
import type { InvocationAware } from './invocation.js';

/** Whom a listing addresses. */
export type Audience = { readonly room: string } | { readonly user: string } | { readonly all: true };

/** The part of an audience whose ids fall on `index` when all are spread over `count`; see {@link shardOf}. */
export interface Shard {
  /** From 0 to `count` - 1. */
  readonly index: number;
  /** At least 1. */
  readonly count: number;
}

export interface ListOptions {
  /** Continue behind this connection id, which may have left in the meantime. From the beginning when absent. */
  readonly after?: string | undefined;
  /** Most connections in the page, at least 1. */
  readonly limit: number;
  readonly shard?: Shard | undefined;
}

export interface Page {
  readonly connections: readonly StoredConnection[];
  /** Whether nothing follows. A page may be shorter than `limit`, even empty, and not be the last one. */
  readonly done: boolean;
  /** Pass as `after` to continue; set unless `done`. Needed because a page may be empty. */
  readonly next?: string | undefined;
}

/** `stored`, or `removed` when a disconnect came first: then nothing is stored. */
export type PutResult = 'stored' | 'removed';

/** `joined` also when it was in the room before, `absent` when the connection is unknown, removed or expired. */
export type JoinResult = 'joined' | 'absent';

/**
 * Where connections and their rooms are remembered. Two instances of a function share nothing else, so the rules are
 * about races. `yc-broadcast/testing` publishes them as cases that any implementation can run.
 *
 * - **Remove wins.** After `remove(id)`, `put` of that id stores nothing and `join` reports `absent`, also when the
 *   `put` comes later (a disconnect event can overtake its connect event). The gateway never reuses an id.
 * - **Expiry.** A connection with `expiresAt <= now` is treated as absent by every method, whether or not the backend
 *   has deleted it yet.
 * - **Order.** An audience has one order that does not depend on who joins or leaves. `list` goes through it, so
 *   whoever is present from the first page to the last is listed exactly once, and a listing can be continued behind
 *   any id, at any later time, from any instance.
 * - **Reads see writes.** What one call has stored, a call that starts after it has resolved sees.
 * - **Names.** Ids, rooms and users are any non-empty strings of at most 1,024 UTF-8 bytes; `INVALID_OPTIONS` otherwise.
 * - **Errors.** Rejects with {@link BroadcastError} only: `STORE_UNAVAILABLE` when the backend cannot be reached.
 */
export interface ConnectionStore extends InvocationAware {
  readonly name: string;
  /** Stores a connection. A second `put` of the same id replaces user and attributes and keeps the rooms. */
  put(connection: StoredConnection): Promise<PutResult>;
  get(id: string): Promise<StoredConnection | undefined>;
  /** Replaces the attributes; listings show them at once. Returns whether the connection is there. */
  setAttributes(id: string, attributes: Attributes): Promise<boolean>;
  /** Removes connections with their memberships. Unknown ids are fine. Any number of ids. */
  remove(ids: readonly string[]): Promise<void>;
  join(id: string, room: string): Promise<JoinResult>;
  /** Does nothing when it is not in the room. */
  leave(id: string, room: string): Promise<void>;
  /** The rooms of a connection, in no particular order; empty when it is absent. */
  rooms(id: string): Promise<readonly string[]>;
  list(audience: Audience, options: ListOptions): Promise<Page>;
  /** How many connections the audience has. */
  count(audience: Audience): Promise<number>;
  /** Present when the store can keep a history of rooms. */
  readonly history?: HistoryStore | undefined;
  /** Gives back sockets and timers of clients that the store made itself. May be called twice. */
  close?(): Promise<void>;
}

/** Where a reader stands in a room's history. Offsets count from 1 within an epoch; 0 is before the first entry. */
export interface HistoryPosition {
  readonly offset: number;
  /** Changes when the history was lost: positions of another epoch mean nothing. */
  readonly epoch: string;
}

export interface HistoryEntry {
  readonly offset: number;
  /** The text that was appended, unchanged. */
  readonly data: string;
  /** When it was appended, in Unix milliseconds. */
  readonly at: number;
}

export interface HistoryLimits {
  /** Keep at most this many entries. */
  readonly maxEntries: number;
  /** Keep an entry for this long, in milliseconds. */
  readonly maxAgeMs: number;
}

/** `since` was answered completely (`recovered`), or part of it is gone and `entries` is empty. Never a part of it. */
export interface HistoryRead {
  readonly recovered: boolean;
  readonly entries: readonly HistoryEntry[];
  /** The newest entry, also when it is not among `entries`. */
  readonly position: HistoryPosition;
  /** Whether more than `limit` entries follow `since`: read again behind the last one. */
  readonly more: boolean;
}

/**
 * Numbered messages of a room, kept for clients that come back.
 *
 * - Offsets of one room and epoch are 1, 2, 3 … without a gap, whoever appends, also from two instances at once.
 * - An entry that can be read has only readable entries before it, down to the oldest one kept.
 * - When entries behind `since` were trimmed, aged or lost, the answer is `recovered: false` with the position.
 */
export interface HistoryStore {
  append(room: string, data: string, limits: HistoryLimits): Promise<HistoryPosition>;
  /** Without `since`: the newest `limit` entries, `recovered: true`. */
  read(
    room: string,
    options: { readonly since?: HistoryPosition | undefined; readonly limit: number },
  ): Promise<HistoryRead>;
}

/**
 * The shard of `count` on which a connection id falls: FNV-1a over its UTF-16 code units, the same in every store and
 * instance, so that workers can divide an audience between them without talking.
 */
export function shardOf(id: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % count;
}
