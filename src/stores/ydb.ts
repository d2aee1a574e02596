import type { CompleteStore } from '../model/store.js';
import { createConnections } from './ydb/connections.js';
import { createHistory } from './ydb/history.js';
import { createListing } from './ydb/listing.js';
import { openDatabase, type YdbOptions } from './ydb/options.js';
import { createRecords } from './ydb/records.js';
import { createState } from './ydb/state.js';
import { ensureTable, type TableReport } from './ydb/table.js';

export type { CompleteStore } from '../model/store.js';
export type { StaticKey } from '../base/credentials/static-key.js';
export type { YdbOptions } from './ydb/options.js';
export type { TableReport } from './ydb/table.js';

/** Which database, and how patiently it is asked. */
export interface YdbStoreOptions extends YdbOptions {
  /** The clock, in Unix milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/**
 * Keeps connections, histories, records and state in YDB, through its Document API: HTTP, no client library,
 * an IAM token from the call that is being handled. Instances of a function share it. `docs/store-ydb.md`
 * says how to make the table and what each operation costs.
 *
 * Requests that are throttled, fail inside YDB or get no answer are repeated with full jitter, until the
 * function's deadline or `timeoutMs`; then they reject with `STORE_UNAVAILABLE` and a `cause`. With several
 * calls in one instance, the deadline is that of the one which began last.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 *
 * @example
 * const app = createApp({ contract, store: ydbStore(), origins: ['https://chat.example'] });
 */
export function ydbStore(options: YdbStoreOptions = {}): CompleteStore {
  const { api, now } = openDatabase(options, 'ydbStore');
  return {
    name: 'ydb',
    ...createConnections(api, now),
    ...createListing(api, now),
    history: createHistory(api, now),
    records: createRecords(api, now),
    state: createState(api, now),
    onInvocation: api.onInvocation,
    async close() {
      api.close();
    },
  };
}

/**
 * Makes the table that {@link ydbStore} needs, waits until it is ready, and switches on its time to live. May
 * be called again: what is there already stays. The same as `yc-broadcast store create --store ydb`.
 */
export async function createYdbTable(options: YdbOptions = {}): Promise<TableReport> {
  const { api } = openDatabase(options, 'createYdbTable');
  try {
    return await ensureTable(api);
  } finally {
    api.close();
  }
}
