/** Broadcasts to rooms that keep a history: kept first, then sent with their place. */
import { describe, expect, it } from '@jest/globals';
import {
  BroadcastError,
  createBroadcaster,
  type BroadcasterOptions,
  type ConnectionStore,
  type SendReport,
  type Target,
} from 'yc-broadcast';
import type { HistoryStore } from 'yc-broadcast/stores';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { storedConnection } from '../support/people.js';
import { framesOf } from '../support/protocol.js';
import { scriptedTransport, type Script } from '../support/scripted-transport.js';
import { sent } from '../support/sent.js';

const limits = { maxEntries: 10, maxAgeMs: 60_000 };

async function setUp(options: Partial<BroadcasterOptions> = {}, script?: Script) {
  const store = options.store ?? memoryStore();
  const transport = scriptedTransport(script);
  const broadcaster = createBroadcaster({ rooms: { history: limits }, transport, ...options, store });
  for (const id of ['a', 'b', 'c']) {
    await store.put(storedConnection(id));
    await store.join(id, 'news');
  }
  const history = store.history as HistoryStore;
  const kept = async (room = 'news'): Promise<unknown[]> =>
    (await history.read(room, { limit: 100 })).entries.map(({ data }): unknown => JSON.parse(data));
  return { store, history, transport, broadcaster, kept };
}

describe('recent', () => {
  it('gives the last messages of a room, the oldest first', async () => {
    const { broadcaster } = await setUp({
      rooms: { history: (room) => (room === 'news' ? limits : undefined) },
    });
    expect(await broadcaster.recent('news', 5)).toEqual([]);
    for (const n of [1, 2, 3]) await broadcaster.to('news').send('said', { n });
    const last = await broadcaster.recent('news', 2);
    const place = { room: 'news', epoch: expect.any(String), id: expect.any(String), type: 'said' };
    expect(last).toEqual([
      { ...place, offset: 2, data: { n: 2 } },
      { ...place, offset: 3, data: { n: 3 } },
    ]);
    for (const [room, count] of [
      ['other', 1],
      ['news', -1],
      ['news', 1.5],
      ['', 1],
    ] as const)
      await expect(broadcaster.recent(room, count)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

describe('a broadcast to a room with a history', () => {
  it('is kept, and everybody gets it with its place', async () => {
    const { transport, broadcaster, kept } = await setUp();
    await broadcaster.to('news').send('first', { n: 1 });
    const report = await broadcaster.to('news').send('second', { n: 2 }, { idempotencyKey: 'k' });
    const position = { offset: 2, epoch: expect.any(String) };
    expect(report).toMatchObject({ delivered: 3, position });
    const message = { type: 'second', data: { n: 2 }, id: 'k' };
    for (const id of ['a', 'b', 'c'])
      expect(framesOf(transport, id)[1]).toEqual({ ...message, room: 'news', ...position });
    expect((await kept())[1]).toEqual(message);
  });

  it('is kept also when nobody is there', async () => {
    const { broadcaster, kept } = await setUp();
    const report = await broadcaster.to('empty').send('said', 'hello');
    expect(report).toMatchObject({ recipients: 0, position: { offset: 1 } });
    expect(await kept('empty')).toHaveLength(1);
  });

  it.each<[string, (room: Target) => Promise<SendReport>]>([
    ['except', (room) => room.except('a').send('x', 1)],
    ['where', (room) => room.where(() => true).send('x', 1)],
    ['sendEach', (room) => room.sendEach('x', () => 1)],
    ['sendRaw', (room) => room.sendRaw('{"type":"x"}')],
  ])('but to a part of it, by %s, has no place', async (_name, send) => {
    const { transport, broadcaster, kept } = await setUp();
    const report = await send(broadcaster.to('news'));
    expect(sent(report).delivered).toBeGreaterThan(0);
    expect(report).not.toHaveProperty('position');
    expect(framesOf(transport, 'b')[0]).not.toHaveProperty('offset');
    expect(await kept()).toEqual([]);
  });

  it('fails before anything is sent when it cannot be kept', async () => {
    const store: ConnectionStore = memoryStore();
    const history = {
      ...(store.history as HistoryStore),
      append: () => Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down')),
    };
    const { transport, broadcaster } = await setUp({ store: { ...store, history } });
    await expect(broadcaster.to('news').send('x', 1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(transport.received.size).toBe(0);
  });

  it.each([
    ['the signal is aborted', { signal: AbortSignal.abort() }],
    ['its time is over', { deadline: Date.now() - 1 }],
    ['it is not worth sending any more', { expiresAt: Date.now() - 1 }],
  ])('is not kept when %s before it begins', async (_name, options) => {
    const { transport, broadcaster, kept } = await setUp();
    const report = await broadcaster.to('news').send('x', 1, options);
    expect(report).toMatchObject({ delivered: 0, complete: false });
    expect(await kept()).toEqual([]);
    expect(transport.received.size).toBe(0);
  });

  it('is refused when it is too large for a later reply, and nothing is kept', async () => {
    const { broadcaster, kept } = await setUp();
    await expect(broadcaster.to('news').send('x', 'y'.repeat(98_300))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
    expect(await kept()).toEqual([]);
  });

  it('keeps its place when it is resumed, and is not kept twice', async () => {
    const abort = new AbortController();
    const { transport, broadcaster, kept } = await setUp({ broadcast: { concurrency: 1 } }, () => {
      abort.abort();
      return 'ok';
    });
    const first = await broadcaster.to('news').send('x', 1, { signal: abort.signal });
    expect(first).toMatchObject({ delivered: 1, complete: false, position: { offset: 1 } });
    await broadcaster.to('news').send('between', 2);
    const rest = await broadcaster.resume(sent(first).cursor ?? '').send('x', 1);
    expect(rest).toMatchObject({ delivered: 2, complete: true, position: first.position });
    expect(framesOf(transport, 'c')).toMatchObject([
      { type: 'between', offset: 2 },
      { type: 'x', offset: 1, id: first.id },
    ]);
    expect(await kept()).toHaveLength(2);
  });

  it('is kept when it is resumed, if it never began', async () => {
    const { broadcaster, kept } = await setUp();
    const first = await broadcaster.to('news').send('x', 1, { signal: AbortSignal.abort() });
    const rest = await broadcaster.resume(sent(first).cursor ?? '').send('x', 1);
    expect(rest).toMatchObject({ delivered: 3, position: { offset: 1 } });
    expect(await kept()).toHaveLength(1);
  });
});

describe('the option history', () => {
  it('may choose by room, and rooms without limits send as ever', async () => {
    const { transport, broadcaster, kept } = await setUp({
      rooms: { history: (room) => (room === 'other' ? limits : undefined) },
    });
    expect(await broadcaster.to('news').send('x', 1)).not.toHaveProperty('position');
    expect(await broadcaster.to('other').send('x', 1)).toHaveProperty('position');
    expect(framesOf(transport, 'a')).toEqual([{ type: 'x', data: 1, id: expect.any(String), room: 'news' }]);
    expect(await kept()).toEqual([]);
  });

  it('never reaches names of the protocol', async () => {
    const { broadcaster } = await setUp();
    expect(await broadcaster.to('$once').send('x', 1)).not.toHaveProperty('position');
  });

  it.each([
    [{ maxEntries: 0, maxAgeMs: 1 }, /createBroadcaster\.rooms\.history/],
    [{ maxEntries: 5 }, /createBroadcaster\.rooms\.history/],
    ['all', /createBroadcaster\.rooms\.history/],
  ])('refuses %j', async (history, message) => {
    // @ts-expect-error: not what the option takes
    await expect(setUp({ rooms: { history } })).rejects.toThrow(message);
  });

  it('refuses limits that a function gives and no store can keep', async () => {
    const { broadcaster } = await setUp({ rooms: { history: () => ({ maxEntries: 1.5, maxAgeMs: 1 }) } });
    await expect(broadcaster.to('news').send('x', 1)).rejects.toThrow(/history\(room\)\.maxEntries/);
  });

  it('needs a store with histories', () => {
    const { history: _none, ...store } = memoryStore();
    expect(() =>
      createBroadcaster({ store, transport: scriptedTransport(), rooms: { history: limits } }),
    ).toThrow(/INVALID_OPTIONS: rooms\.history: the store 'memory' has no histories/);
  });
});
