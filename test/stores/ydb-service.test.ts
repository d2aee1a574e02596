/** What the YDB store makes of tokens, throttling, lost answers and outages, and what its operations cost. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import pLimit from 'p-limit';
import { createBroadcaster, type ConnectionStore } from 'yc-broadcast';
import { ydbStore, type YdbStoreOptions } from 'yc-broadcast/stores/ydb';
import { startDocumentProxy, refusal, type DocumentProxy } from '../support/document-proxy.js';
import { freshTable, startDynalite, type Dynalite } from '../support/dynalite.js';
import { storedConnection } from '../support/people.js';
import { scriptedTransport } from '../support/scripted-transport.js';
import { historyOf, recordsOf } from '../support/shared-memory.js';

const TOKEN = 't1.first-secret';

let dynalite: Dynalite;
let proxy: DocumentProxy;
const opened: ConnectionStore[] = [];

beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());
beforeEach(async () => {
  proxy = await startDocumentProxy(dynalite.endpoint);
  proxy.acceptTokens(TOKEN);
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close?.();
  await proxy.close();
});

/** A store with a table of its own, behind the proxy. */
async function openStore(more: YdbStoreOptions = {}): Promise<ConnectionStore> {
  const { tablePrefix } = await freshTable(dynalite.endpoint);
  return openAt(tablePrefix, more);
}

function openAt(tablePrefix: string | undefined, more: YdbStoreOptions = {}): ConnectionStore {
  const store = ydbStore({ endpoint: proxy.endpoint, tablePrefix, token: TOKEN, ...more });
  opened.push(store);
  return store;
}

/** Two instances over one table: one that waits long enough on a slow machine, and one that soon gives up. */
async function openTwo(timeoutMs: number): Promise<{ store: ConnectionStore; hasty: ConnectionStore }> {
  const { tablePrefix } = await freshTable(dynalite.endpoint);
  return { store: openAt(tablePrefix, { timeoutMs: 60_000 }), hasty: openAt(tablePrefix, { timeoutMs }) };
}

async function failureOf(call: Promise<unknown>): Promise<Error & { code?: string }> {
  const reason: unknown = await call.then(
    () => new Error('did not fail'),
    (error: unknown) => error,
  );
  return reason as Error;
}

/** Refuses the first `times` requests of an action. */
function refuseFirst(times: number, action: string, type: string, status = 400): void {
  let refused = 0;
  proxy.script((request) =>
    request.action === action && refused++ < times ? { status, body: refusal(type) } : undefined,
  );
}

const actions = (): string[] => proxy.requests.map(({ action }) => action);

describe('ydbStore and its options', () => {
  it('wants an endpoint, and says where it may stand', () => {
    delete process.env['YC_BROADCAST_YDB_ENDPOINT'];
    expect(() => ydbStore()).toThrow(/INVALID_OPTIONS: ydbStore\.endpoint: .*YC_BROADCAST_YDB_ENDPOINT/);
    expect(() => ydbStore({ endpoint: 'grpcs://ydb:2135' })).toThrow(
      /ydbStore\.endpoint: expected an address/,
    );
    expect(() => ydbStore({ endpoint: 'http://127.0.0.1', tablePrefix: 'a b' })).toThrow(/tablePrefix/);
  });

  it('takes the endpoint from the environment', async () => {
    const { tablePrefix } = await freshTable(dynalite.endpoint);
    process.env['YC_BROADCAST_YDB_ENDPOINT'] = proxy.endpoint;
    const store = ydbStore({ tablePrefix, token: TOKEN });
    delete process.env['YC_BROADCAST_YDB_ENDPOINT'];
    expect(await store.put(storedConnection('phone'))).toBe('stored');
    await store.close?.();
  });

  it('refuses to work once it is closed', async () => {
    const store = await openStore();
    await store.close?.();
    await expect(store.get('phone')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

describe('ydbStore and who is asking', () => {
  it('takes the token of the call that is being handled', async () => {
    const store = await openStore({ token: undefined });
    store.onInvocation?.({ token: { access_token: TOKEN, expires_in: 3600 } });
    expect(await store.put(storedConnection('phone'))).toBe('stored');
    expect(proxy.requests[0]?.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('asks for another token when one is not accepted any more, and goes on', async () => {
    const tokens = ['t1.expired'];
    const store = await openStore({ token: () => tokens.shift() ?? TOKEN });
    expect(await store.put(storedConnection('phone'))).toBe('stored');
    expect(proxy.requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer t1.expired',
      `Bearer ${TOKEN}`,
    ]);
  });

  it.each([
    ['UnrecognizedClientException', 'UNAUTHENTICATED'],
    ['AccessDeniedException', 'FORBIDDEN'],
  ])('reports %s as %s, with the role that is needed and without the token', async (type, code) => {
    const store = await openStore();
    proxy.script(() => ({ status: 400, body: refusal(type, `no good: Bearer ${TOKEN}`) }));
    const error = await failureOf(store.get('phone'));
    expect(error.code).toBe(code);
    expect(error.message).toContain('ydb.editor');
    expect(inspect(error, { depth: 10 })).toContain(type);
    expect(inspect(error, { depth: 10 })).not.toContain(TOKEN);
  });

  it('signs with a static key, which never shows in an error', async () => {
    const { tablePrefix } = await freshTable(dynalite.endpoint);
    const credentials = { accessKeyId: 'key-id', secretAccessKey: 'very-secret' };
    const store = ydbStore({ endpoint: proxy.endpoint, tablePrefix, credentials });
    opened.push(store);
    const error = await failureOf(store.get('phone'));
    expect(error.code).toBe('UNAUTHENTICATED');
    expect(inspect(error, { depth: 10 })).not.toContain('very-secret');
    const [{ authorization } = { authorization: '' }] = proxy.requests;
    expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=key-id\/\d{8}\/ru-central1\/dynamodb\//);
    expect(authorization).toMatch(/SignedHeaders=[^,]*x-amz-target/);
  });
});

describe('ydbStore when YDB is busy', () => {
  it.each([
    ['ProvisionedThroughputExceededException', 400],
    ['RequestLimitExceeded', 400],
    ['ThrottlingException', 400],
    ['InternalServerError', 500],
    ['ServiceUnavailable', 503],
  ])('repeats what was refused with %s', async (type, status) => {
    const store = await openStore();
    refuseFirst(2, 'UpdateItem', type, status);
    expect(await store.put(storedConnection('phone'))).toBe('stored');
    // Whether it was carried out is looked up before it is sent again.
    const changes = actions().filter((action) => action !== 'GetItem');
    expect(changes).toEqual(['UpdateItem', 'UpdateItem', 'UpdateItem']);
  });

  it('gives up in time, and says that it is throttled and what to do', async () => {
    const store = await openStore({ timeoutMs: 300 });
    refuseFirst(Infinity, 'GetItem', 'ThrottlingException');
    const startedAt = performance.now();
    const error = await failureOf(store.get('phone'));
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error.message).toMatch(/throttled: raise the throttling limit .* 10 RU\/s/);
    expect(String(error.cause)).toContain('ThrottlingException');
    expect(actions().length).toBeGreaterThan(1);
  });

  it('gives up before the deadline of the function', async () => {
    const store = await openStore({ timeoutMs: 60_000 });
    store.onInvocation?.({ getRemainingTimeInMillis: () => 700 });
    refuseFirst(Infinity, 'GetItem', 'ThrottlingException');
    const startedAt = performance.now();
    expect((await failureOf(store.get('phone'))).code).toBe('STORE_UNAVAILABLE');
    expect(performance.now() - startedAt).toBeLessThan(700);
    store.onInvocation?.({ getRemainingTimeInMillis: () => 300 });
    expect((await failureOf(recordsOf(store).read('job'))).code).toBe('STORE_UNAVAILABLE');
  });

  it('does what a throttled batch has left undone', async () => {
    const store = await openStore();
    await Promise.all(['one', 'two', 'three'].map((id) => store.put(storedConnection(id, { user: 'ann' }))));
    let batches = 0;
    proxy.script(({ action, body }) => {
      if (action !== 'BatchWriteItem' || ++batches > 2) return undefined;
      return { status: 200, body: { UnprocessedItems: body['RequestItems'] } };
    });
    await store.remove(['one', 'two', 'three']);
    expect(batches).toBe(3);
    expect(await store.count({ user: 'ann' })).toBe(0);
  });

  it('says so when a batch is never done', async () => {
    const { store, hasty } = await openTwo(1000);
    await store.put(storedConnection('phone', { user: 'ann' }));
    proxy.script(({ action, body }) =>
      action === 'BatchWriteItem'
        ? { status: 200, body: { UnprocessedItems: body['RequestItems'] } }
        : undefined,
    );
    const error = await failureOf(hasty.remove(['phone']));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(error.message).toContain('did not execute 1 deletions');
    proxy.script(() => undefined);
    await store.remove(['phone']);
    expect(await store.count({ user: 'ann' })).toBe(0);
  });

  it('says how to make the table when there is none', async () => {
    const store = ydbStore({ endpoint: proxy.endpoint, tablePrefix: 'nowhere_', token: TOKEN });
    opened.push(store);
    const error = await failureOf(store.put(storedConnection('phone')));
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', retryable: false });
    expect(error.message).toContain("'nowhere_store'");
    expect(error.message).toContain('yc-broadcast store create --store ydb');
  });
});

describe('ydbStore when connections die', () => {
  /** Every write of the story once breaks before it is carried out, or loses its answer. */
  it.each(['break', 'lose-answer'] as const)('survives that each request may %s once', async (accident) => {
    const store = await openStore();
    const seen = new Set<string>();
    proxy.script(({ action, body }) => {
      const request = `${action} ${JSON.stringify(body)}`;
      if (seen.has(request)) return undefined;
      seen.add(request);
      return accident;
    });
    const limits = { maxEntries: 10, maxAgeMs: 60_000 };
    expect(await store.put(storedConnection('phone', { user: 'ann' }))).toBe('stored');
    expect(await store.join('phone', 'lobby')).toBe('joined');
    expect(await store.join('phone', 'attic')).toBe('joined');
    expect(await store.put(storedConnection('phone', { user: 'bob' }))).toBe('stored');
    expect(await store.setAttributes('phone', { seat: 1 })).toBe(true);
    await store.leave('phone', 'attic');
    for (const text of ['one', 'two', 'three']) await historyOf(store).append('lobby', text, limits);

    const first = await recordsOf(store).write('job', 'first', { ifVersion: undefined, ttlMs: 60_000 });
    const second = await recordsOf(store).write('job', 'second', { ifVersion: first, ttlMs: 60_000 });
    expect(second).toBeDefined();
    expect(await recordsOf(store).read('job')).toEqual({ value: 'second', version: second });
    await recordsOf(store).remove('job');

    const { connections } = await store.list({ room: 'lobby' }, { limit: 10 });
    expect(connections).toMatchObject([{ id: 'phone', user: 'bob', attributes: { seat: 1 } }]);
    for (const audience of [{ room: 'attic' }, { user: 'ann' }]) expect(await store.count(audience)).toBe(0);
    expect(await store.count({ user: 'bob' })).toBe(1);
    expect(await store.rooms('phone')).toEqual(['lobby']);
    const { entries } = await historyOf(store).read('lobby', { limit: 10 });
    expect(entries.map(({ offset, data }) => [offset, data])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);

    await store.remove(['phone']);
    for (const audience of [{ room: 'lobby' }, { user: 'bob' }, { all: true } as const]) {
      expect(await store.count(audience)).toBe(0);
    }
  });

  it('does not wait for an answer that never comes', async () => {
    const store = await openStore({ timeoutMs: 300 });
    proxy.script(() => 'hang');
    const error = await failureOf(store.get('phone'));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(error.message).toContain('no answer in time');
  });

  it('completes a removal that was cut short', async () => {
    const { store, hasty } = await openTwo(500);
    await store.put(storedConnection('phone', { user: 'ann' }));
    await store.join('phone', 'lobby');
    proxy.script(({ action }) => (action === 'BatchWriteItem' ? 'break' : undefined));
    expect((await failureOf(hasty.remove(['phone']))).code).toBe('STORE_UNAVAILABLE');
    proxy.script(() => undefined);
    await store.remove(['phone']);
    expect(await store.count({ room: 'lobby' })).toBe(0);
    expect(await store.count({ user: 'ann' })).toBe(0);
  });

  it('ends a broadcast with STORE_UNAVAILABLE and goes on from its cursor to everyone', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `c${index}`);
    const { store, hasty } = await openTwo(3000);
    await Promise.all(ids.map((id) => store.put(storedConnection(id))));
    await Promise.all(ids.map((id) => store.join(id, 'lobby')));
    const transport = scriptedTransport(async () => {
      if (transport.received.size === 15) await proxy.stop();
      return 'ok' as const;
    });
    const broadcaster = createBroadcaster({
      store: hasty,
      transport,
      broadcast: { pageSize: 10, concurrency: 1 },
    });

    const report = await broadcaster.to('lobby').sendRaw('hello');
    expect(report).toMatchObject({ complete: false, stoppedBy: 'store', failed: 0 });
    expect(report.delivered).toBeGreaterThan(15);
    expect(report.delivered).toBeLessThan(40);
    expect((await failureOf(hasty.get('c1'))).message).toMatch(/^STORE_UNAVAILABLE: YDB cannot be reached/);

    await proxy.start();
    const rest = await broadcaster.resume(report.cursor ?? '').sendRaw('hello');
    expect(rest).toMatchObject({ complete: true, delivered: 40 - report.delivered });
    expect([...transport.received.keys()].sort()).toEqual([...ids].sort());
    expect([...transport.attempts.values()].every((attempts) => attempts === 1)).toBe(true);
  });
});

describe('ydbStore and rows that are over', () => {
  const HOUR_MS = 3_600_000;

  it('deletes those that YDB should have deleted long ago, and does not fail with it', async () => {
    let now = Date.now();
    const store = await openStore({ now: () => now });
    const rowsRead = async (): Promise<number> => {
      const { ScannedCount } = (await dynalite.send('Scan', {
        TableName: String(proxy.requests[0]?.body['TableName']),
      })) as { ScannedCount: number };
      return ScannedCount;
    };
    for (let index = 0; index < 30; index++) await store.put(storedConnection(`c${index}`));
    await store.remove(['c0']);
    now += 2 * HOUR_MS;
    await store.list({ all: true }, { limit: 100 });
    expect(await rowsRead()).toBe(30);
    now += HOUR_MS;
    refuseFirst(1, 'BatchWriteItem', 'ThrottlingException');
    expect((await store.list({ all: true }, { limit: 100 })).done).toBe(true);
    expect(await rowsRead()).toBe(30);
    await store.list({ all: true }, { limit: 100 });
    expect(await rowsRead()).toBe(5);
  });
});

/**
 * Operations of docs/store-ydb.md with their prices. The table there is compared with what is measured here.
 */
describe('the prices in docs/store-ydb.md', () => {
  const page = readFileSync(new URL('../../docs/store-ydb.md', import.meta.url), 'utf8');
  const documented = new Map(
    [...page.matchAll(/^\| (?<what>[^|]+?) +\| +(?<ru>\d+) RU +\| +(?<trips>\d+) +\|/gm)].map(
      ({ groups }) => [
        groups?.['what'] ?? '',
        { ru: Number(groups?.['ru']), requests: Number(groups?.['trips']) },
      ],
    ),
  );

  type Story = (store: ConnectionStore) => Promise<unknown>;
  const nothing: Story = async () => undefined;
  const ann: Story = (store) => store.put(storedConnection('connection-of-ann-01', { user: 'ann' }));
  const annInLobby: Story = async (store) => {
    await ann(store);
    await store.join('connection-of-ann-01', 'lobby');
  };
  const limits = { maxEntries: 100, maxAgeMs: 60_000 };
  const saidHello: Story = (store) => historyOf(store).append('lobby', 'hello', limits);
  const first = { ifVersion: undefined, ttlMs: 60_000 };
  const writeJob: Story = (store) => recordsOf(store).write('job', 'x'.repeat(500), first);
  let lobbyOf1000: Promise<string | undefined> | undefined;
  /** The prefix of a table with 1,000 connections in a room, made once. */
  async function makeLobbyOf1000(): Promise<string | undefined> {
    const options = await freshTable(dynalite.endpoint, { timeoutMs: 60_000 });
    const store = ydbStore(options);
    const limit = pLimit(32);
    const ids = Array.from({ length: 1000 }, (_, index) => `connection-number-${1000 + index}`);
    await limit.map(ids, async (id) => {
      await store.put(storedConnection(id, { attributes: { name: 'Somebody Else' } }));
      await store.join(id, 'lobby');
    });
    await store.close?.();
    return options.tablePrefix;
  }

  const wholeLobby: Story = async (store) => {
    let after: string | undefined;
    do {
      after = (await store.list({ room: 'lobby' }, { limit: 500, after })).next;
    } while (after !== undefined);
  };

  const operations: readonly (readonly [what: string, before: Story | 'lobby of 1,000', Story])[] = [
    ['connect', nothing, (store) => store.put(storedConnection('connection-of-ann-01'))],
    ['connect with a user', nothing, ann],
    ['join', ann, (store) => store.join('connection-of-ann-01', 'lobby')],
    ['leave', annInLobby, (store) => store.leave('connection-of-ann-01', 'lobby')],
    ['get, rooms', annInLobby, (store) => store.get('connection-of-ann-01')],
    ['set attributes', annInLobby, (store) => store.setAttributes('connection-of-ann-01', { seat: 7 })],
    ['disconnect', annInLobby, (store) => store.remove(['connection-of-ann-01'])],
    ['list 1,000, pages of 500', 'lobby of 1,000', wholeLobby],
    ['count 1,000', 'lobby of 1,000', (store) => store.count({ room: 'lobby' })],
    ['append to a history', saidHello, saidHello],
    [
      'read a history, nothing missed',
      saidHello,
      async (store) => {
        const { position } = await historyOf(store).read('lobby', { limit: 0 });
        proxy.forget();
        await historyOf(store).read('lobby', { since: position, limit: 100 });
      },
    ],
    ['write a record of 500 bytes', nothing, writeJob],
    ['read it', writeJob, (store) => recordsOf(store).read('job')],
    [
      'write a record of 250 KB',
      nothing,
      (store) => recordsOf(store).write('job', 'x'.repeat(256_000), first),
    ],
    ['an hour with nobody', annInLobby, nothing],
  ];

  it('are given for every operation', () => {
    expect([...documented.keys()].sort()).toEqual(operations.map(([what]) => what).sort());
  });

  it.each(operations)(
    '%s',
    async (what, before, operation) => {
      const isBig = before === 'lobby of 1,000';
      const store = isBig ? openAt(await (lobbyOf1000 ??= makeLobbyOf1000())) : await openStore();
      if (!isBig) await before(store);
      proxy.forget();
      await operation(store);
      expect({ ru: proxy.ru, requests: proxy.requests.length }).toEqual(documented.get(what));
    },
    120_000,
  );
});
