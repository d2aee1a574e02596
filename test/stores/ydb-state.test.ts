/**
 * What the state of rooms costs on YDB, and what becomes of lost answers. dynalite has no transactions, so
 * this runs on the store inside the local gateway; test/emulator/store.test.ts runs the contract there.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ConnectionStore } from 'yc-broadcast';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { CONNECTION_TTL_MS, type StateChange, type StateStore } from 'yc-broadcast/stores';
import { createYdbTable, ydbStore } from 'yc-broadcast/stores/ydb';
import { startDocumentProxy, type DocumentProxy } from '../support/document-proxy.js';
import { stateOf } from '../support/shared-memory.js';

const [ONE, OTHER] = ['t1.one', 't1.other'];

let emulator: Emulator;
let proxy: DocumentProxy;
let tablePrefix: string;
let now: number;
const opened: ConnectionStore[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) }, store: true });
});
afterAll(() => emulator.stop());
beforeEach(async () => {
  now = Date.now();
  tablePrefix = `t${randomBytes(8).toString('hex')}_`;
  await createYdbTable({ ...emulator.store, tablePrefix });
  proxy = await startDocumentProxy(emulator.store?.endpoint ?? '');
  proxy.acceptTokens(ONE, OTHER);
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close?.();
  await proxy.close();
});

function open(token: string): StateStore {
  const store = ydbStore({ endpoint: proxy.endpoint, tablePrefix, token, timeoutMs: 20_000, now: () => now });
  opened.push(store);
  return stateOf(store);
}

async function set(state: StateStore, key: string, more: Partial<StateChange> = {}): Promise<number> {
  const result = await state.change('lobby', [{ map: 'players', key, value: '"x"', ...more }]);
  if (!result.changed) throw new Error('the change was refused');
  return result.position.version;
}

/** The requests of a call, and what they cost. */
async function costOf(call: () => Promise<unknown>): Promise<[actions: string[], ru: number]> {
  proxy.forget();
  await call();
  return [proxy.requests.map(({ action }) => action), proxy.ru];
}

/** Requests and RU of an operation, as docs/store-ydb.md has them. */
function documented(operation: string): [requests: number, ru: number] {
  const page = readFileSync(new URL('../../docs/store-ydb.md', import.meta.url), 'utf8');
  const line = page.split('\n').find((each) => each.startsWith(`| ${operation} `));
  const [, , requests, ru] = (line ?? '').split('|').map(Number);
  return [requests ?? NaN, ru ?? NaN];
}

const COLD: [string[], number] = [['BatchGetItem', 'TransactWriteItems'], 10];
const WARM: [string[], number] = [['TransactWriteItems'], 8];

describe('the state of a room on YDB costs', () => {
  it.each<[operation: string, cost: [string[], number]]>([
    ['change a key', COLD],
    ['change it after a change of this instance', WARM],
    ['read, nothing new', [['GetItem'], 1]],
    ['read what is new, out of less than 4 KB', [['GetItem', 'Query'], 2]],
    ['get a key', [['GetItem'], 1]],
  ])('what docs/store-ydb.md says: %s', (operation, [actions, ru]) => {
    expect(documented(operation)).toEqual([actions.length, ru]);
  });

  it('two requests for a change, one if this instance made the last one to the room and the key', async () => {
    const [one, other] = [open(ONE), open(OTHER)];
    expect(await costOf(() => set(one, 'ann'))).toEqual(COLD);
    expect(await costOf(() => set(one, 'ann'))).toEqual(WARM);
    expect(await costOf(() => set(one, 'ann', { value: undefined }))).toEqual(WARM);
    expect(await costOf(() => set(one, 'ann', { ifVersion: 0 }))).toEqual(WARM);
    expect(await costOf(() => set(one, 'bob'))).toEqual(COLD);
    expect(await costOf(() => set(other, 'ann'))).toEqual(COLD);
  });

  it('one request in vain when somebody else has changed the room, and no second one while that goes on', async () => {
    const [one, other] = [open(ONE), open(OTHER)];
    for (const state of [one, other]) await set(state, 'ann');
    const inVain = ['TransactWriteItems', ...COLD[0]];
    expect((await costOf(() => set(one, 'ann')))[0]).toEqual(inVain);
    await set(other, 'ann');
    for (const expected of [COLD, COLD, WARM]) expect(await costOf(() => set(one, 'ann'))).toEqual(expected);
  });

  it('never takes what it remembers for the truth when it refuses', async () => {
    const [one, other] = [open(ONE), open(OTHER)];
    await set(one, 'ann');
    await set(other, 'ann', { value: '"theirs"' });
    const changes = [{ map: 'players', key: 'ann', value: '"mine"', ifVersion: 0 }];
    expect(await one.change('lobby', changes)).toEqual({
      changed: false,
      rows: [{ map: 'players', key: 'ann', version: 2, value: '"theirs"' }],
    });
  });

  it('one request to learn that nothing has changed, and a second one for what has', async () => {
    const state = open(ONE);
    await set(state, 'ann');
    const { version, epoch } = await state.read('lobby', { since: null, maxBytes: 1000 });
    const read = (from: number) => () =>
      state.read('lobby', { since: { version: from, epoch }, maxBytes: 1000 });
    expect(await costOf(read(version))).toEqual([['GetItem'], 1]);
    expect(await costOf(read(0))).toEqual([['GetItem', 'Query'], 2]);
    expect(await costOf(() => state.get('lobby', 'players', 'ann'))).toEqual([['GetItem'], 1]);
  });
});

/**
 * Loses the answer to the next transaction of an instance, and then lets others do something before it is
 * repeated.
 */
function loseAnswer(token: string, meanwhile: () => Promise<unknown> = async () => undefined): void {
  let seen = 0;
  proxy.script(async ({ action, authorization }) => {
    if (action !== 'TransactWriteItems' || authorization !== `Bearer ${token}`) return undefined;
    seen++;
    if (seen === 2) await meanwhile();
    return seen === 1 ? 'lose-answer' : undefined;
  });
}

describe('a change on YDB whose answer is lost', () => {
  it.each([0, 1, 15])('is recognised, also after %d changes of others', async (count) => {
    const [one, other] = [open(ONE), open(OTHER)];
    const version = await set(one, 'ann');
    loseAnswer(ONE, async () => {
      for (let n = 0; n < count; n++) await set(other, 'ann', { value: '"theirs"' });
    });
    expect(await set(one, 'ann', { ifVersion: version })).toBe(version + 1);
    expect(await one.get('lobby', 'players', 'ann')).toMatchObject({ version: version + 1 + count });
  });

  it('is STORE_UNAVAILABLE when nobody can tell, and never that another one was faster', async () => {
    const [one, other] = [open(ONE), open(OTHER)];
    const version = await set(one, 'ann');
    loseAnswer(ONE, async () => {
      for (let n = 0; n < 16; n++) await set(other, 'ann');
    });
    await expect(set(one, 'ann', { ifVersion: version })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('an answer was lost'),
    });
  });
});

describe('the state of a room on YDB', () => {
  it('takes no key for an absent one that the service did not look up', async () => {
    await set(open(ONE), 'ann');
    let isFirst = true;
    proxy.script(({ action, body }) => {
      if (action !== 'BatchGetItem' || !isFirst) return undefined;
      isFirst = false;
      return { status: 200, body: { Responses: {}, UnprocessedKeys: body['RequestItems'] } };
    });
    expect(await set(open(OTHER), 'ann', { ifVersion: 1 })).toBe(2);
  });

  it('begins anew for who was away while the backend deleted rows of a room that nobody changed', async () => {
    const state = open(ONE);
    await set(state, 'ann');
    const { version, epoch } = await state.read('lobby', { since: null, maxBytes: 1000 });
    await set(state, 'ann', { ttlMs: 60_000 });
    const last = await set(state, 'bob');
    now += 6 * CONNECTION_TTL_MS;
    const read = (from: number) => state.read('lobby', { since: { version: from, epoch }, maxBytes: 1000 });
    expect(await read(version)).toMatchObject({ reset: true, rows: [{ key: 'bob' }] });
    expect((await read(last)).reset).toBeUndefined();
    const next = await set(state, 'eve');
    expect(await read(version)).toMatchObject({ reset: true, rows: [{ key: 'bob' }, { key: 'eve' }] });
    expect(await read(last)).toMatchObject({ version: next, rows: [{ key: 'eve' }] });
    expect((await read(last)).reset).toBeUndefined();
  });

  it('lets the backend delete rows some time after they ended, and the head when no key is left', async () => {
    const state = open(ONE);
    const timesToLive = async () => {
      proxy.forget();
      await set(state, 'ann', { ttlMs: 60_000 });
      const items = proxy.requests.at(-1)?.body['TransactItems'] as {
        Put: { Item: { t?: { N: string } } };
      }[];
      return items.map(
        ({ Put }) => Put.Item.t && Number(Put.Item.t.N) * 1000 - now > 2 * CONNECTION_TTL_MS + 30 * 60_000,
      );
    };
    expect(await timesToLive()).toEqual([true, true]);
    await set(state, 'bob');
    expect(await timesToLive()).toEqual([undefined, true]);
  });
});
