import { BroadcastError } from '../../base/errors.js';
import type { DocumentApi, WriteRequest } from './document-api.js';
import type { Item } from './items.js';

/** Most rows that one request can delete. Documented. */
const MAX_BATCH = 25;

/** Deletes rows without a condition, in as few requests as possible. */
export async function deleteAll(api: DocumentApi, keys: readonly Item[]): Promise<void> {
  for (let begin = 0; begin < keys.length; begin += MAX_BATCH) {
    await deleteBatch(api, keys.slice(begin, begin + MAX_BATCH));
  }
}

/** Deletes some of these rows, if that works at once. */
export async function deleteSome(api: DocumentApi, keys: readonly Item[]): Promise<void> {
  if (keys.length === 0) return;
  // Whoever lists is not to wait for this, or fail with it: the rows are of no use, and harmless.
  await api.callOnce('BatchWriteItem', batchOf(api, keys.slice(0, MAX_BATCH))).catch(() => undefined);
}

/** A service that is throttled may do a part of a batch and hand back the rest. */
async function deleteBatch(api: DocumentApi, keys: readonly Item[]): Promise<void> {
  const { pause } = api.backoff();
  for (let rest = keys; ;) {
    const { UnprocessedItems = {} } = await api.call('BatchWriteItem', batchOf(api, rest));
    rest = Object.values(UnprocessedItems).flatMap((requests) => requests.map(keyIn));
    if (rest.length === 0) return;
    if (await pause()) continue;
    throw new BroadcastError(
      'STORE_UNAVAILABLE',
      `YDB is throttled and did not execute ${rest.length} deletions: raise the throttling limit of the database`,
    );
  }
}

function batchOf({ table }: DocumentApi, keys: readonly Item[]): object {
  return { RequestItems: { [table]: keys.map((Key): WriteRequest => ({ DeleteRequest: { Key } })) } };
}

function keyIn({ DeleteRequest: { Key } }: WriteRequest): Item {
  return Key;
}
