import { randomUUID } from 'node:crypto';
import { checkRecord, type RecordStore } from '../../model/records.js';
import { CONDITION_FAILED, type DocumentApi } from './document-api.js';
import { deletableFrom, isAlive, number, text } from './items.js';
import { keyOf, recordPartition } from './keys.js';

/** Every record is the only row of its partition. */
const SORT_KEY = '-';

/**
 * Records as rows that are written under a condition: `d` value, `n` version, `e` expiresAt. A request that is repeated
 * because its answer was lost finds its own version, which the condition allows as well.
 */
export function createRecords(api: DocumentApi, now: () => number): RecordStore {
  const TableName = api.table;

  return {
    async read(key) {
      const Key = keyOf(recordPartition(key), SORT_KEY);
      const { Item } = await api.call('GetItem', { TableName, Key, ConsistentRead: true });
      if (Item === undefined || !isAlive(Item, now())) return undefined;
      return { value: Item['d']?.S ?? '', version: Item['n']?.S ?? '' };
    },
    async write(key, value, options) {
      checkRecord(key, value, options);
      const { ifVersion, ttlMs } = options;
      const [at, version] = [now(), randomUUID()];
      const expected = ifVersion === undefined ? {} : { ':expected': text(ifVersion) };
      const answer = await api.callUnless(CONDITION_FAILED, 'PutItem', {
        TableName,
        Item: {
          ...keyOf(recordPartition(key), SORT_KEY),
          // An empty text is kept as no text: not every backend takes empty ones.
          ...(value === '' ? {} : { d: text(value) }),
          n: text(version),
          e: number(at + ttlMs),
          t: deletableFrom(at + ttlMs),
        },
        ConditionExpression:
          ifVersion === undefined
            ? 'attribute_not_exists(p) OR e <= :now OR n = :own'
            : '(n = :expected AND e > :now) OR n = :own',
        ExpressionAttributeValues: { ...expected, ':now': number(at), ':own': text(version) },
      });
      return answer === undefined ? undefined : version;
    },
    async remove(key) {
      await api.call('DeleteItem', { TableName, Key: keyOf(recordPartition(key), SORT_KEY) });
    },
  };
}
