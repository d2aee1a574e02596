import { randomBytes } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import * as z from 'zod/mini';
import { checkName } from '../base/names.js';
import { functionOption, objectWith, parseOptions } from '../base/options.js';
import { CONNECTION_TTL_MS } from '../base/protocol.js';
import type { CompleteStore } from '../model/store.js';
import { createCalls, type Script } from './redis/calls.js';
import { clientFor, givenClient, type RedisClient } from './redis/client.js';
import { redisHistory } from './redis/history.js';
import { createListing } from './redis/listing.js';
import { partitionKey, partitionOf } from './redis/partitions.js';
import { redisRecords } from './redis/records.js';
import { toConnection, type Fields } from './redis/row.js';
import { GET, GRACE_MS, JOIN, LEAVE, PUT, REMOVE, ROOMS, SET_ATTRIBUTES } from './redis/scripts.js';
import { redisState } from './redis/state.js';

export type { CompleteStore } from '../model/store.js';
export type { RedisClient } from './redis/client.js';

/** Which Valkey or Redis, and what its keys begin with. */
export interface RedisStoreOptions {
  /** A client of ioredis, `Redis` or `Cluster`, that you make and close. Either this or `url`. */
  readonly client?: RedisClient | undefined;
  /**
   * Address of a server that is not a cluster: `redis://user:password@host:6379/0`, or `rediss:` with TLS.
   * Needs the package ioredis, which is loaded with the first call. The password never reaches an error.
   */
  readonly url?: string | undefined;
  /** For `url`: how to speak TLS, for example `{ ca }` with the certificate of a private authority. */
  readonly tls?: ConnectionOptions | undefined;
  /** All keys begin with it: one for each application on a server. Without braces. @default 'yc-broadcast' */
  readonly keyPrefix?: string | undefined;
  /** Longest time of one call, connecting and retrying included, in milliseconds. @default 3000 */
  readonly timeoutMs?: number | undefined;
  /** The clock, in Unix milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
}

const optionsSchema = z
  .strictObject({
    client: z.optional(objectWith<RedisClient>('a client of ioredis', 'eval', 'evalsha', 'zcount')),
    url: z.optional(
      z
        .string()
        .check(
          z.refine(
            (url) => /^rediss?:\/\//.test(url) && URL.canParse(url),
            'expected redis://host:port or rediss://host:port',
          ),
        ),
    ),
    tls: z.optional(objectWith<ConnectionOptions>('an object')),
    keyPrefix: z._default(
      z
        .string()
        .check(z.minLength(1), z.regex(/^[^{}]*$/, 'expected no braces, which have a meaning in keys')),
      'yc-broadcast',
    ),
    timeoutMs: z._default(z.number().check(z.positive()), 3000),
    now: z._default(functionOption<() => number>(), () => Date.now),
  })
  .check(
    z.refine(
      ({ client, url }) => (client === undefined) !== (url === undefined),
      'expected either client or url',
    ),
    z.refine(({ url, tls }) => tls === undefined || url !== undefined, {
      path: ['tls'],
      message: 'requires url; a client has TLS options of its own',
    }),
  );

/** Ids that one script removes: some milliseconds in which the server does nothing else. */
const REMOVALS_AT_ONCE = 200;

/**
 * Keeps connections, histories, records and state in Valkey or Redis (6.2 and later), on one server or a
 * cluster.
 *
 * `put`, `get`, `setAttributes`, `join`, `leave` and `rooms` are one round trip each, `remove` as well,
 * whatever the number of ids; a page takes one or two, a call for a record or a state one, and two for the
 * state of a reader that has to begin anew. What was acknowledged is as safe as the server keeps it: see
 * docs/store-redis.md.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 *
 * @example
 * const store = redisStore({ url: process.env.REDIS_URL });
 */
export function redisStore(options: RedisStoreOptions): CompleteStore {
  const {
    client,
    url = '',
    tls,
    keyPrefix,
    timeoutMs,
    now,
  } = parseOptions(optionsSchema, options, 'redisStore');
  const source = client === undefined ? clientFor({ url, tls, timeoutMs }) : givenClient(client);
  const calls = createCalls(source, timeoutMs);
  const parts = { calls, keyPrefix, now };

  function runFor(id: string, script: Script, ...args: (string | number)[]): Promise<unknown> {
    return calls.run(script, partitionKey(keyPrefix, partitionOf(id)), now(), id, ...args);
  }

  return {
    name: 'redis',
    async put({ id, user, attributes, connectedAt, expiresAt }) {
      checkName(id, 'connection.id');
      if (user !== undefined) checkName(user, 'connection.user');
      const ttl = Math.max(1, Math.ceil(expiresAt - now()) + GRACE_MS);
      const args = [user ?? '', JSON.stringify(attributes), connectedAt, expiresAt, ttl];
      const reply = await runFor(id, PUT, newCall(), ...args);
      return Number(reply) === 1 ? 'stored' : 'removed';
    },
    async get(id) {
      const fields = (await runFor(checkName(id, 'id'), GET)) as Fields | null;
      return fields === null ? undefined : toConnection(id, fields);
    },
    async setAttributes(id, attributes) {
      const args = [newCall(), JSON.stringify(attributes)];
      return Number(await runFor(checkName(id, 'id'), SET_ATTRIBUTES, ...args)) === 1;
    },
    async remove(ids) {
      const batches = batchesOf(ids.map((id) => checkName(id, 'id')));
      const memory = CONNECTION_TTL_MS + GRACE_MS;
      await Promise.all(
        batches.map(({ partition, ids: batch }) =>
          calls.run(REMOVE, partitionKey(keyPrefix, partition), now(), memory, ...batch),
        ),
      );
    },
    async join(id, room) {
      const reply = await runFor(checkName(id, 'id'), JOIN, newCall(), `room:${checkName(room, 'room')}`);
      return Number(reply) === 1 ? 'joined' : 'absent';
    },
    async leave(id, room) {
      await runFor(checkName(id, 'id'), LEAVE, newCall(), `room:${checkName(room, 'room')}`);
    },
    async rooms(id) {
      const audiences = (await runFor(checkName(id, 'id'), ROOMS)) as string[];
      return audiences.map((audience) => audience.slice('room:'.length));
    },
    ...createListing(parts),
    history: redisHistory(parts),
    records: redisRecords(parts),
    state: redisState({ ...parts, timeoutMs }),
    close: () => source.close(),
  };
}

/** Tells a call that comes again from one that only looks like it. */
function newCall(): string {
  return randomBytes(6).toString('base64url');
}

interface Batch {
  readonly partition: number;
  readonly ids: string[];
}

/** Ids of one partition each, and not too many. */
function batchesOf(ids: readonly string[]): Batch[] {
  const batches: Batch[] = [];
  const open = new Map<number, Batch>();
  for (const id of ids) {
    const partition = partitionOf(id);
    let batch = open.get(partition);
    if (batch === undefined || batch.ids.length === REMOVALS_AT_ONCE) {
      batch = { partition, ids: [] };
      open.set(partition, batch);
      batches.push(batch);
    }
    batch.ids.push(id);
  }
  return batches;
}
