import type { StoredConnection } from '../../model/connection.js';
import { checkName } from '../../base/names.js';
import {
  checkListOptions,
  shardOf,
  type Audience,
  type ListOptions,
  type Page,
  type Shard,
} from '../../model/store.js';
import { compareBytes, countRooms, listRooms, type RoomListing } from '../../model/several-rooms.js';
import type { RedisCalls } from './calls.js';
import { audienceName, expiryKey, partitionKey, partitionOf, partitionsOf } from './partitions.js';
import { toConnections, type Fields } from './row.js';
import { SCAN } from './scripts.js';

/** Members that one script looks at: some milliseconds in which the server does nothing else. */
const MAX_SCAN = 1000;

export interface ListingDeps {
  readonly calls: RedisCalls;
  readonly keyPrefix: string;
  readonly now: () => number;
}

export interface RedisListing {
  list(audience: Audience, options: ListOptions): Promise<Page>;
  count(audience: Audience): Promise<number>;
}

/** What one partition has behind a position. */
interface Part {
  readonly connections: readonly StoredConnection[];
  /** The last id that was looked at; absent when there was none. */
  readonly last: string | undefined;
  readonly done: boolean;
}

/** A partition that has so many connections of the audience. */
interface Candidate {
  readonly partition: number;
  readonly count: number;
}

/** Lists partition by partition, within each in the order of the ids' bytes. */
export function createListing({ calls, keyPrefix, now }: ListingDeps): RedisListing {
  async function countIn(partition: number, audience: string): Promise<number> {
    return calls.countBeyond(expiryKey(partitionKey(keyPrefix, partition), audience), now());
  }

  async function scan(partition: number, audience: string, after: string, limit: number): Promise<Part> {
    const size = Math.min(limit, MAX_SCAN);
    const key = partitionKey(keyPrefix, partition);
    return toPart(await calls.run(SCAN, key, now(), audience, after, size));
  }

  /** Takes partitions out of `rest` and reads them, as many at a time as should fill what is missing. */
  async function scanRest(rest: Candidate[], audience: string, limit: number): Promise<Part[]> {
    const parts: Part[] = [];
    let missing = limit;
    while (rest.length > 0 && missing > 0) {
      const shares = takeShares(rest, missing);
      const found = shares.map(({ partition, share }) => scan(partition, audience, '', share));
      for (const part of await Promise.all(found)) {
        parts.push(part);
        missing -= part.connections.length;
        if (!part.done) return parts;
      }
    }
    return parts;
  }

  async function listOne(name: string, options: ListOptions): Promise<Page> {
    const { limit, shard, after = '' } = options;
    const start = options.after === undefined ? 0 : partitionOf(checkName(after, 'after'));
    const [first, ...others] = partitionsOf(shard).filter((partition) => partition >= start);
    if (first === undefined) return { connections: [], done: true };
    const [head, ...counts] = await Promise.all([
      scan(first, name, first === start ? after : '', limit),
      ...others.map((partition) => countIn(partition, name)),
    ]);
    const rest = others
      .map((partition, index) => ({ partition, count: counts[index] ?? 0 }))
      .filter(({ count }) => count > 0);
    const tail = head.done ? await scanRest(rest, name, limit - head.connections.length) : [];
    return toPage([head, ...tail], rest.length === 0, shard);
  }

  const roomListing: RoomListing = {
    list: (room, options) => listOne(audienceName({ room }), options),
    compare: (a, b) => partitionOf(a) - partitionOf(b) || compareBytes(a, b),
  };

  const listing: RedisListing = {
    async list(audience, options) {
      checkListOptions(options);
      if ('rooms' in audience) return listRooms(roomListing, audience.rooms, options);
      return listOne(audienceName(audience), options);
    },
    async count(audience) {
      if ('rooms' in audience) return countRooms(listing.list, audience.rooms);
      const name = audienceName(audience);
      const counts = await Promise.all(partitionsOf(undefined).map((partition) => countIn(partition, name)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
  return listing;
}

/** How much to read of which partition, so that together they have what is missing. */
function takeShares(rest: Candidate[], missing: number): { partition: number; share: number }[] {
  const shares: { partition: number; share: number }[] = [];
  let share = missing;
  while (share > 0) {
    const candidate = rest.shift();
    if (candidate === undefined) break;
    shares.push({ partition: candidate.partition, share });
    share -= candidate.count;
  }
  return shares;
}

function toPart(reply: unknown): Part {
  const [more, last, ...rows] = reply as [number | string, string, ...(string | Fields)[]];
  return {
    connections: toConnections(rows),
    last: last === '' ? undefined : last,
    done: Number(more) === 0,
  };
}

/** A part is followed by another one only when it is done. */
function toPage(parts: readonly Part[], isEnd: boolean, shard: Shard | undefined): Page {
  const all = parts.flatMap(({ connections }) => connections);
  const connections =
    shard === undefined ? all : all.filter(({ id }) => shardOf(id, shard.count) === shard.index);
  if (isEnd && parts.every(({ done }) => done)) return { connections, done: true };
  return { connections, done: false, next: parts.findLast(({ last }) => last !== undefined)?.last };
}
