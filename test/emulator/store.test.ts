/** The rules of every store, kept by `ydbStore` on the store inside the gateway, over the wire. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { createYdbTable, ydbStore, type YdbOptions } from 'yc-broadcast/stores/ydb';
import { storeContract, type StoreBackend } from 'yc-broadcast/testing';
import { temporaryProject } from '../support/cli.js';

const PATIENCE_MS = 120_000;

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) }, store: true });
});
afterAll(() => emulator.stop());

function optionsFor(namespace: string): YdbOptions {
  return { ...emulator.store, tablePrefix: `${namespace}_` };
}

const backend: StoreBackend = {
  async open({ namespace, now }) {
    await createYdbTable(optionsFor(namespace));
    return ydbStore({ ...optionsFor(namespace), now, timeoutMs: PATIENCE_MS });
  },
  async drop(namespace) {
    await send('DeleteTable', { TableName: `${namespace}_store` });
    await createYdbTable(optionsFor(namespace));
  },
};

/**
 * That of 10,000 members makes 80,000 requests, longer than all others together. It has no older state and
 * loses no answers.
 */
const rules = storeContract(backend).filter(({ name }) => !/10,000|^(failover|repeat)/.test(name));

describe('ydbStore on the store inside the gateway', () => {
  it.each(rules)('$name', ({ run }) => run(), PATIENCE_MS);
});

async function send(action: string, body: object, headers: Record<string, string> = { Authorization: 'x' }) {
  const target = { 'X-Amz-Target': `DynamoDB_20120810.${action}` };
  const options = { method: 'POST', headers: { ...target, ...headers }, body: JSON.stringify(body) };
  const response = await fetch(emulator.store?.endpoint ?? '', options);
  const { __type = '' } = (await response.json()) as { __type?: string };
  return [response.status, __type.replace(/.*#/, '')];
}

describe('the store inside the gateway', () => {
  const TableName = 'yc_broadcast_store';
  const Key = { p: { S: 'c' }, s: { S: 'x' } };

  it.each<[string, string, object, string]>([
    ['an action that ydbStore never asks for', 'Scan', { TableName }, 'UnknownOperationException'],
    ['a table that is not there', 'GetItem', { TableName: 'other', Key }, 'ResourceNotFoundException'],
    ['a key of another table', 'GetItem', { TableName, Key: { id: { S: 'x' } } }, 'ValidationException'],
    [
      'an expression that it does not understand',
      'PutItem',
      { TableName, Item: Key, ConditionExpression: 'contains(a, :b)' },
      'ValidationException',
    ],
    [
      'an item of more than 400 KB, its names counted',
      'PutItem',
      { TableName, Item: { ...Key, v: { S: 'я'.repeat(204_798) } } },
      'ValidationException',
    ],
    [
      'a condition that does not hold',
      'DeleteItem',
      { TableName, Key, ConditionExpression: 'attribute_exists(p)' },
      'ConditionalCheckFailedException',
    ],
  ])('refuses %s, by the names that YDB uses', async (_what, action, body, type) => {
    expect(await send(action, body)).toEqual([400, type]);
  });

  it('carries out a transaction as a whole or not at all', async () => {
    const items = ['one', 'two'].map((s) => ({ p: { S: 't' }, s: { S: s } }));
    const [first, second] = items;
    const put = (Item: object | undefined) => ({ Put: { TableName, Item } });
    const isThere = { TableName, Key: second, ConditionExpression: 'attribute_exists(p)' };
    const transact = (...TransactItems: object[]) => send('TransactWriteItems', { TransactItems });
    const canceled = [400, 'TransactionCanceledException'];
    expect(await transact(put(first), { ConditionCheck: isThere })).toEqual(canceled);
    const exists = { TableName, Key: first, ConditionExpression: 'attribute_exists(p)' };
    expect(await send('DeleteItem', exists)).toEqual([400, 'ConditionalCheckFailedException']);
    expect(await transact(put(first), put(second))).toEqual([200, '']);
    expect(await transact({ Delete: exists }, { ConditionCheck: isThere })).toEqual([200, '']);
    expect(await send('DeleteItem', exists)).toEqual([400, 'ConditionalCheckFailedException']);
    const update = {
      ...isThere,
      UpdateExpression: 'SET a = :a',
      ExpressionAttributeValues: { ':a': { N: '1' } },
    };
    expect(await transact({ Update: update })).toEqual([200, '']);
    const changed = {
      ...isThere,
      ConditionExpression: 'a = :a',
      ExpressionAttributeValues: { ':a': { N: '1' } },
    };
    expect(await transact({ Delete: changed })).toEqual([200, '']);
  });

  it.each<[string, object[]]>([
    ['without actions', []],
    [
      'of more than 25 actions',
      Array.from({ length: 26 }, (_, n) => ({ Put: { TableName, Item: { ...Key, s: { S: `${n}` } } } })),
    ],
    ['that names an item twice', [{ Put: { TableName, Item: Key } }, { Delete: { TableName, Key } }]],
    ['with an unknown action', [{ Get: { TableName, Key } }]],
  ])('refuses a transaction %s', async (_what, TransactItems) => {
    expect(await send('TransactWriteItems', { TransactItems })).toEqual([400, 'ValidationException']);
  });

  it('takes an item of 400 KB', async () => {
    const item = { ...Key, v: { S: 'я'.repeat(204_797) } };
    // Names and keys take 5 bytes.
    expect(Buffer.byteLength(item.v.S) + 5).toBe(400 * 1024 - 1);
    expect(await send('PutItem', { TableName, Item: item })).toEqual([200, '']);
  });

  it('refuses who has no key, such as the page of another site', async () => {
    expect(await send('GetItem', { TableName, Key }, {})).toEqual([
      400,
      'MissingAuthenticationTokenException',
    ]);
  });

  it('is shared by all instances of a function, which need no options for it', async () => {
    const { path, remove } = temporaryProject({
      'ws.mjs': `
        import { createApp } from 'yc-broadcast';
        import { ydbStore } from 'yc-broadcast/stores/ydb';
        const origins = process.env.YC_BROADCAST_LOCAL_ORIGINS.split(',');
        const app = createApp({ store: ydbStore(), origins });
        app.onConnect(({ join }) => join('room'));
        app.onMessage(async ({ body, to }) => { await to('room').sendRaw(body); });
        export const handler = app.handler;
      `,
    });
    await using gateway = await startEmulator({
      routes: { '/ws': { entry: join(path, 'ws.mjs'), instances: 2 } },
      store: true,
    });
    const clients = [
      await gateway.connect('/ws'),
      await gateway.connect('/ws'),
      await gateway.connect('/ws'),
    ];
    clients[0]?.send('hello');
    const heard = await Promise.all(clients.map((client) => client.next(30_000)));
    expect(heard.map(String)).toEqual(['hello', 'hello', 'hello']);
    expect(gateway.instances.list().map(({ served }) => served > 0)).toEqual([true, true]);
    await gateway.assertNoUnawaited();
    remove();
  });

  it('is not there unless it is asked for', async () => {
    await using gateway = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) } });
    expect(gateway.store).toBeUndefined();
    const response = await fetch(`${gateway.url}/_yc-broadcast/store`, { method: 'POST' });
    expect(response.status).toBe(404);
  });
});
