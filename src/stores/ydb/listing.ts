import { compareBytes, countRooms, listRooms, type RoomListing } from '../../model/several-rooms.js';
import {
  checkListOptions,
  shardOf,
  type ConnectionStore,
  type ListOptions,
  type Page,
  type SingleAudience,
} from '../../model/store.js';
import { deleteSome } from './deletions.js';
import type { Answer, DocumentApi } from './document-api.js';
import { connectionIn, isAlive, number, numberIn, text, type Item } from './items.js';
import { audiencePartition, idIn, keyOf, rangeOf, sortKeyOf, type KeyRange } from './keys.js';

/**
 * Rows that the backend might have deleted this long ago are deleted by whoever comes across them: it usually
 * does so within two days (documented), and until then each listing would pay for reading them.
 */
const OVERDUE_MS = 60 * 60_000;

/** Pages of an audience by strongly consistent reads of its partition, in the order of the sort keys. */
export function createListing(api: DocumentApi, now: () => number): Pick<ConnectionStore, 'list' | 'count'> {
  function query(audience: SingleAudience, { first, last }: KeyRange, more: object, values: Item = {}) {
    return api.call('Query', {
      TableName: api.table,
      KeyConditionExpression: 'p = :p AND s BETWEEN :first AND :last',
      ExpressionAttributeValues: {
        ':p': text(audiencePartition(audience)),
        ':first': text(first),
        ':last': text(last),
        ...values,
      },
      ConsistentRead: true,
      ...more,
    });
  }

  async function countPage(audience: SingleAudience, ExclusiveStartKey: Item | undefined): Promise<Answer> {
    const filter = { Select: 'COUNT', FilterExpression: 'e > :now' };
    return query(audience, rangeOf(), { ...filter, ExclusiveStartKey }, { ':now': number(now()) });
  }

  async function listOne(audience: SingleAudience, options: ListOptions): Promise<Page> {
    const { after, limit: Limit, shard } = options;
    const range = rangeOf(shard, after);
    if (range.first > range.last) return { connections: [], done: true };
    const { Items = [], LastEvaluatedKey } = await query(audience, range, { Limit });
    const instant = now();
    await deleteSome(api, overdue(Items, instant));
    const last = Items.at(-1);
    return {
      connections: Items.filter((row) => isAlive(row, instant))
        .map((row) => connectionIn(row, idIn(row)))
        .filter(({ id }) => shard === undefined || shardOf(id, shard.count) === shard.index),
      ...(LastEvaluatedKey === undefined || last === undefined
        ? { done: true }
        : { done: false, next: idIn(last) }),
    };
  }

  const roomListing: RoomListing = {
    list: (room, options) => listOne({ room }, options),
    compare: (a, b) => compareBytes(sortKeyOf(a), sortKeyOf(b)),
  };

  const listing: Pick<ConnectionStore, 'list' | 'count'> = {
    async list(audience, options) {
      checkListOptions(options);
      if ('rooms' in audience) return listRooms(roomListing, audience.rooms, options);
      return listOne(audience, options);
    },
    async count(audience) {
      if ('rooms' in audience) return countRooms(listing.list, audience.rooms);
      let count = 0;
      let start: Item | undefined;
      do {
        const page = await countPage(audience, start);
        count += page.Count ?? 0;
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      return count;
    },
  };
  return listing;
}

function overdue(rows: readonly Item[], instant: number): Item[] {
  return rows
    .filter((row) => numberIn(row, 't') * 1000 + OVERDUE_MS < instant)
    .map(({ p, s }) => keyOf(p?.S ?? '', s?.S ?? ''));
}
