import { randomUUID } from 'node:crypto';
import { BroadcastError } from '../../base/errors.js';
import { checkRecord, type RecordStore } from '../../model/records.js';
import { CONDITION_FAILED, type DocumentApi } from './document-api.js';
import { deletableFrom, isAlive, number, text, type Item, type AttributeValue } from './items.js';
import { keyOf, recordPartition } from './keys.js';

/** Every record is the only row of its partition. */
const SORT_KEY = '-';

/**
 * Records as rows that are written under a condition: `d` value, `n` version, `e` expiresAt, `b` version
 * before. A request that is repeated because its answer was lost finds its own version, which the condition
 * allows as well, or as the one before, when another write has replaced it. Where neither tells what became
 * of it, it is `STORE_UNAVAILABLE`.
 */
export function createRecords(api: DocumentApi, now: () => number): RecordStore {
  const TableName = api.table;

  async function rowOf(key: string): Promise<Item | undefined> {
    const Key = keyOf(recordPartition(key), SORT_KEY);
    return (await api.call('GetItem', { TableName, Key, ConsistentRead: true })).Item;
  }

  /**
   * Whether a write was carried out whose answer was lost, and whose repetition has found another version.
   */
  async function hasWon(key: string, version: string, ifVersion: string | undefined): Promise<boolean> {
    const row = await rowOf(key);
    const [current, before] = [row?.['n']?.S, row?.['b']?.S];
    if (current === version || before === version) return true;
    if (before === ifVersion) return false;
    throw othersHaveWritten();
  }

  /**
   * Whether this version is gone, and was not replaced. A repetition never removes what others have written
   * since.
   */
  async function removeVersion(key: string, version: AttributeValue): Promise<boolean> {
    const state = { isUnclear: false };
    const request = {
      TableName,
      Key: keyOf(recordPartition(key), SORT_KEY),
      ConditionExpression: 'attribute_not_exists(p) OR n = :n',
      ExpressionAttributeValues: { ':n': version },
    };
    const answer = await api.callUnless(CONDITION_FAILED, 'DeleteItem', request, async () => {
      state.isUnclear = true;
      return 'repeat';
    });
    if (answer !== undefined) return true;
    if (!state.isUnclear || (await rowOf(key))?.['b']?.S === version.S) return false;
    throw othersHaveWritten();
  }

  return {
    async read(key) {
      const Item = await rowOf(key);
      if (Item === undefined || !isAlive(Item, now())) return undefined;
      return { value: Item['d']?.S ?? '', version: Item['n']?.S ?? '' };
    },
    async write(key, value, options) {
      checkRecord(key, value, options);
      const { ifVersion, ttlMs } = options;
      const [at, version] = [now(), randomUUID()];
      const expected = ifVersion === undefined ? {} : { ':expected': text(ifVersion) };
      const state = { isUnclear: false };
      const request = {
        TableName,
        Item: {
          ...keyOf(recordPartition(key), SORT_KEY),
          // An empty text is kept as no text: not every backend takes empty ones.
          ...(value === '' ? {} : { d: text(value) }),
          n: text(version),
          ...(ifVersion === undefined ? {} : { b: text(ifVersion) }),
          e: number(at + ttlMs),
          t: deletableFrom(at + ttlMs),
        },
        ConditionExpression:
          ifVersion === undefined
            ? 'attribute_not_exists(p) OR e <= :now OR n = :own'
            : '(n = :expected AND e > :now) OR n = :own',
        ExpressionAttributeValues: { ...expected, ':now': number(at), ':own': text(version) },
      };
      const answer = await api.callUnless(CONDITION_FAILED, 'PutItem', request, async () => {
        state.isUnclear = true;
        return 'repeat';
      });
      const isWritten = answer !== undefined || (state.isUnclear && (await hasWon(key, version, ifVersion)));
      return isWritten ? version : undefined;
    },
    async remove(key) {
      for (;;) {
        const version = (await rowOf(key))?.['n'];
        if (version === undefined || (await removeVersion(key, version))) return;
      }
    },
  };
}

function othersHaveWritten(): BroadcastError {
  const problem = 'an answer of YDB was lost, and the record has been written by others since';
  return new BroadcastError('STORE_UNAVAILABLE', problem);
}
