/** The rules of every store, against a DynamoDB-compatible server, with signed requests. */
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { createYdbTable, ydbStore, type YdbOptions } from 'yc-broadcast/stores/ydb';
import { storeContract, type StoreBackend } from 'yc-broadcast/testing';
import { LOCAL_KEY, startDynalite, type Dynalite } from '../support/dynalite.js';

/** The case of the large room makes 80,000 requests, and dynalite answers a few hundred in a second. */
const PATIENCE_MS = 600_000;

let dynalite: Dynalite;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());

function optionsFor(namespace: string): YdbOptions {
  return { endpoint: dynalite.endpoint, credentials: LOCAL_KEY, tablePrefix: `${namespace}_` };
}

/** dynalite has no transactions: test/emulator/store.test.ts has the cases of state. */
const backend: StoreBackend = {
  lacks: ['state'],
  async open({ namespace, now }) {
    await createYdbTable(optionsFor(namespace));
    const store = ydbStore({ ...optionsFor(namespace), now, timeoutMs: PATIENCE_MS });
    return { ...store, state: undefined };
  },
  async drop(namespace) {
    await dynalite.send('DeleteTable', { TableName: `${namespace}_store` });
    await createYdbTable(optionsFor(namespace));
  },
};

/**
 * YDB does not come back older by itself: docs/store-ydb.md. test/stores/repeats.test.ts has lost answers.
 */
const cases = storeContract(backend).filter(({ name, skip }) => !skip && !/^(failover|repeat)/.test(name));

describe('ydbStore', () => {
  it.each(cases)('$name', ({ run }) => run(), PATIENCE_MS);
});
