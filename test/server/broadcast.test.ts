import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  BroadcastError,
  createBroadcaster,
  defineContract,
  type BroadcasterOptions,
  type BroadcastSettings,
  type ConnectionStore,
  type DeliveryReport,
  type ErrorCode,
} from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { fillRoom, storedConnection } from '../support/people.js';
import { scriptedTransport, type Answer, type Script } from '../support/scripted-transport.js';
import { sent } from '../support/sent.js';

const QUICK = { minDelayMs: 0, maxDelayMs: 0 };

async function roomOf(count: number, script?: Script, settings: BroadcastSettings = {}) {
  const store = memoryStore();
  const transport = scriptedTransport(script);
  const ids = await fillRoom(store, 'room', count);
  const broadcaster = createBroadcaster({ store, transport, broadcast: { ...QUICK, ...settings } });
  return { store, transport, ids, broadcaster };
}

function sum({ delivered, stale, failed, skipped }: DeliveryReport): number {
  return delivered + stale + failed + skipped;
}

/** Everybody whom the transport reached, once each, or an error. */
function reachedOnce(received: ReadonlyMap<string, readonly string[]>): string[] {
  for (const [id, payloads] of received)
    if (payloads.length !== 1) throw new Error(`${id} got ${payloads.length}`);
  return [...received.keys()].sort();
}

afterEach(() => {
  jest.useRealTimers();
});

describe('audiences', () => {
  it('reaches everybody in a room, and nobody else', async () => {
    const { store, transport, ids, broadcaster } = await roomOf(3);
    await fillRoom(store, 'other', 0);
    await store.put(storedConnection('outsider'));
    const report = await broadcaster.to('room').send('hello', { n: 1 });
    expect(reachedOnce(transport.received)).toEqual(ids);
    expect(report).toMatchObject({
      recipients: 3,
      delivered: 3,
      attempts: 3,
      retries: 0,
      complete: true,
      stoppedBy: 'done',
    });
    expect(sent(report).cursor).toBeUndefined();
  });

  it('reaches every device of a user', async () => {
    const { store, transport, broadcaster } = await roomOf(0);
    await store.put(storedConnection('phone', { user: 'ann' }));
    await store.put(storedConnection('tablet', { user: 'ann' }));
    await store.put(storedConnection('other', { user: 'bob' }));
    await broadcaster.toUser('ann').send('badge', 1);
    expect(reachedOnce(transport.received)).toEqual(['phone', 'tablet']);
  });

  it('reaches every connection', async () => {
    const { store, transport, broadcaster } = await roomOf(2);
    await store.put(storedConnection('roomless'));
    const report = await broadcaster.toAll().send('news', null);
    expect(sent(report).delivered).toBe(3);
    expect(transport.received.has('roomless')).toBe(true);
  });

  it('reports nobody for an empty room', async () => {
    const { broadcaster } = await roomOf(0);
    expect(await broadcaster.to('nowhere').send('x', 1)).toMatchObject({
      recipients: 0,
      delivered: 0,
      complete: true,
    });
  });

  it('leaves out exceptions, given as ids, connections or lists of them', async () => {
    const { transport, ids, broadcaster } = await roomOf(6);
    const target = broadcaster
      .to('room')
      .except('p00000')
      .except({ id: 'p00001' }, ['p00002', { id: 'p00003' }]);
    const report = await target.send('x', 1);
    expect(reachedOnce(transport.received)).toEqual(ids.slice(4));
    expect(sent(report).recipients).toBe(2);
  });

  it('leaves out thousands of exceptions', async () => {
    const { ids, broadcaster } = await roomOf(5000);
    const report = await broadcaster.to('room').except(ids.slice(10)).send('x', 1);
    expect(report).toMatchObject({ recipients: 10, delivered: 10 });
  });

  it('does not change a target that it narrows', async () => {
    const { broadcaster } = await roomOf(3);
    const everybody = broadcaster.to('room');
    everybody.except('p00000');
    expect(sent(await everybody.send('x', 1)).delivered).toBe(3);
  });

  it('narrows by attributes, and by a function', async () => {
    const { store, transport, broadcaster } = await roomOf(0);
    await fillRoom(store, 'room', 4, (index) => ({
      attributes: { lang: index % 2 === 0 ? 'ru' : 'en', level: index, tags: ['a', { b: index }] },
    }));
    await broadcaster
      .to('room')
      .where({ lang: 'ru' })
      .where((c) => c.attributes['level'] === 2)
      .send('x', 1);
    expect([...transport.received.keys()]).toEqual(['p00002']);
    await broadcaster
      .to('room')
      .where({ tags: ['a', { b: 3 }] })
      .send('y', 1);
    expect(transport.received.has('p00003')).toBe(true);
  });

  it.each([
    ['to', ''],
    ['to', undefined],
    ['toUser', 7],
  ] as const)('refuses %s(%p) at once', async (method, name) => {
    const { broadcaster } = await roomOf(0);
    expect(() => broadcaster[method](name as string)).toThrow(/INVALID_OPTIONS: to/);
  });
});

describe('payloads', () => {
  it('encodes a message for all once, with its type, data, id and room', async () => {
    const { transport, broadcaster } = await roomOf(5);
    const report = await broadcaster.to('room').send('said', { text: 'hi' });
    expect(transport.encoded()).toBe(1);
    const text = JSON.stringify({ type: 'said', data: { text: 'hi' }, id: report.id, room: 'room' });
    expect(transport.received.get('p00004')).toEqual([text]);
    expect(sent(report).bytes).toBe(5 * Buffer.byteLength(text));
  });

  it('sends raw payloads as they are', async () => {
    const { transport, broadcaster } = await roomOf(1);
    await broadcaster.to('room').sendRaw('plain');
    expect(transport.received.get('p00000')).toEqual(['plain']);
  });

  it('uses the idempotency key as the id of the message', async () => {
    const { broadcaster } = await roomOf(1);
    const first = await broadcaster.to('room').send('x', 1, { idempotencyKey: 'order-7' });
    const second = await broadcaster.to('room').send('x', 1, { idempotencyKey: 'order-7' });
    expect([first.id, second.id]).toEqual(['order-7', 'order-7']);
  });

  it('refuses a payload that is too large before anything is sent', async () => {
    const { transport, broadcaster } = await roomOf(2);
    await expect(broadcaster.to('room').sendRaw('x'.repeat(98_305))).rejects.toThrow(/PAYLOAD_TOO_LARGE/);
    expect(transport.attempts.size).toBe(0);
  });

  it('gives each recipient a message of its own, and leaves out those without one', async () => {
    const { store, transport, broadcaster } = await roomOf(0);
    await fillRoom(store, 'room', 3, (index) => ({ user: `u${index}` }));
    const report = await broadcaster
      .to('room')
      .sendEach('badge', async ({ user }) => (user === 'u1' ? undefined : { hello: user }));
    expect(JSON.parse(transport.received.get('p00002')?.[0] ?? '')).toMatchObject({ data: { hello: 'u2' } });
    expect(transport.received.has('p00001')).toBe(false);
    expect(report).toMatchObject({ recipients: 2, delivered: 2 });
  });

  it('makes personal messages lazily', async () => {
    let made = 0;
    let mostAhead = 0;
    let sent = 0;
    const { broadcaster } = await roomOf(
      50,
      async () => {
        await Promise.resolve();
        sent++;
        return 'ok' as const;
      },
      { concurrency: 2 },
    );
    await broadcaster.to('room').sendEach('x', () => {
      made++;
      mostAhead = Math.max(mostAhead, made - sent);
      return 1;
    });
    expect(mostAhead).toBeLessThanOrEqual(2);
  });

  it('fails only the recipient whose message could not be made', async () => {
    const { broadcaster } = await roomOf(3);
    const report = await broadcaster.to('room').sendEach('x', ({ id }) => {
      if (id === 'p00001') throw new Error('no view for you');
      return 1;
    });
    expect(report).toMatchObject({ recipients: 3, delivered: 2, failed: 1, codes: { UNKNOWN: 1 } });
    expect(report.failures[0]?.reason).toContain('no view for you');
  });

  it('checks what it sends against the contract and strips what is not in it', async () => {
    const store = memoryStore();
    await fillRoom(store, 'room', 1);
    const transport = scriptedTransport();
    const contract = defineContract({ client: {}, server: { said: z.object({ text: z.string() }) } });
    const broadcaster = createBroadcaster({ store, transport, contract });
    const extra = { text: 'hi', secret: 'x' };
    await broadcaster.to('room').send('said', extra);
    expect(transport.received.get('p00000')?.[0]).not.toContain('secret');
    // @ts-expect-error: the contract says text is a string
    await expect(broadcaster.to('room').send('said', { text: 7 })).rejects.toThrow(
      /INVALID_OPTIONS: data of 'said'.*'text'/,
    );
    // @ts-expect-error: the contract has no such type
    await expect(broadcaster.to('room').send('sad', {})).rejects.toThrow(/no type 'sad'/);
  });
});

describe('outcomes', () => {
  it('delivers after three 503s, once, and reports the attempts', async () => {
    const script: Script = (_id, attempt) => (attempt <= 3 ? 'GATEWAY_UNAVAILABLE' : 'ok');
    const { transport, broadcaster } = await roomOf(1, script);
    const report = await broadcaster.to('room').send('x', 1);
    expect(report).toMatchObject({ delivered: 1, failed: 0, attempts: 4, retries: 3 });
    expect(reachedOnce(transport.received)).toEqual(['p00000']);
  });

  it('removes stale connections from the store, and only them', async () => {
    const { store, broadcaster } = await roomOf(4, (id) => (id === 'p00001' ? 'CONNECTION_STALE' : 'ok'));
    const report = await broadcaster.to('room').send('x', 1);
    expect(report).toMatchObject({ delivered: 3, stale: 1, removed: 1, failed: 0, attempts: 4 });
    expect(await store.get('p00001')).toBeUndefined();
    expect(await store.count({ room: 'room' })).toBe(3);
  });

  it.each<ErrorCode>([
    'FORBIDDEN',
    'UNAUTHENTICATED',
    'INVALID_REQUEST',
    'RATE_LIMITED',
    'GATEWAY_UNAVAILABLE',
    'NO_ANSWER',
    'UNKNOWN',
  ])('keeps a connection that failed with %s', async (code) => {
    const { store, broadcaster } = await roomOf(2, (id) => (id === 'p00000' ? code : 'ok'));
    const report = await broadcaster.to('room').send('x', 1);
    expect(report).toMatchObject({ delivered: 1, failed: 1, stale: 0, removed: 0, codes: { [code]: 1 } });
    expect(await store.get('p00000')).toBeDefined();
  });

  it.each<[ErrorCode, number]>([
    ['FORBIDDEN', 1],
    ['INVALID_REQUEST', 1],
    ['RATE_LIMITED', 3],
    ['GATEWAY_UNAVAILABLE', 3],
    ['NO_ANSWER', 3],
  ])('tries %s %d times with two retries', async (code, attempts) => {
    const { broadcaster } = await roomOf(1, () => code, { retries: 2 });
    expect(await broadcaster.to('room').send('x', 1)).toMatchObject({
      failed: 1,
      attempts,
      retries: attempts - 1,
    });
  });

  it('does not retry when retries is 0', async () => {
    const { broadcaster } = await roomOf(1, () => 'GATEWAY_UNAVAILABLE', { retries: 0 });
    expect(await broadcaster.to('room').send('x', 1)).toMatchObject({ failed: 1, attempts: 1, retries: 0 });
  });

  it('removes a connection that a retry finds stale', async () => {
    const script: Script = (_id, attempt) => (attempt === 1 ? 'GATEWAY_UNAVAILABLE' : 'CONNECTION_STALE');
    const { store, broadcaster } = await roomOf(1, script);
    expect(await broadcaster.to('room').send('x', 1)).toMatchObject({ stale: 1, removed: 1, attempts: 2 });
    expect(await store.get('p00000')).toBeUndefined();
  });

  it('takes anything that a transport throws', async () => {
    const { broadcaster } = await roomOf(1, () => Promise.reject(new TypeError('boom')));
    expect(await broadcaster.to('room').send('x', 1)).toMatchObject({ failed: 1, codes: { UNKNOWN: 1 } });
  });

  it('reports the store when stale connections cannot be removed', async () => {
    const { store, transport } = await roomOf(2, () => 'CONNECTION_STALE');
    const broken: ConnectionStore = {
      ...store,
      remove: () => Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down')),
    };
    const report = await createBroadcaster({ store: broken, transport }).to('room').send('x', 1);
    expect(report).toMatchObject({
      stale: 2,
      removed: 0,
      storeError: { code: 'STORE_UNAVAILABLE' },
      complete: true,
    });
  });
});

describe('the report', () => {
  it('stays small however many fail, and names no connection', async () => {
    const { broadcaster } = await roomOf(3000, () => 'FORBIDDEN', { maxFailures: 5 });
    const report = await broadcaster.to('room').send('x', 1);
    expect(sent(report).failures).toHaveLength(5);
    expect(sent(report).codes).toEqual({ FORBIDDEN: 3000 });
    expect(JSON.stringify(report).length).toBeLessThan(2000);
    expect(JSON.stringify(report)).not.toContain('p0000');
  });

  it('names connections when asked to', async () => {
    const { broadcaster } = await roomOf(1, () => 'FORBIDDEN', { includeIds: true });
    const [failure] = sent(await broadcaster.to('room').send('x', 1)).failures;
    expect(failure).toMatchObject({ connectionId: 'p00000', code: 'FORBIDDEN', attempts: 1 });
  });

  it('measures latencies', async () => {
    jest.useFakeTimers();
    const delays = [10, 20, 1000];
    const { broadcaster } = await roomOf(3, (id) => answerAfter(delays[Number(id.slice(1))] ?? 0));
    const sending = broadcaster.to('room').send('x', 1);
    await jest.advanceTimersByTimeAsync(2000);
    const { latencyMs } = sent(await sending);
    expect(latencyMs.max).toBe(1000);
    expect(latencyMs.p99).toBe(1000);
    expect(latencyMs.p50).toBeGreaterThanOrEqual(20);
    expect(latencyMs.p50).toBeLessThan(25);
    expect(latencyMs.histogram.reduce((total, { count }) => total + count, 0)).toBe(3);
  });
});

describe('limits', () => {
  it('bounds the sends under way, over all broadcasts of a broadcaster', async () => {
    const script: Script = () =>
      new Promise((resolve) =>
        setImmediate(() => {
          resolve('ok');
        }),
      );
    const { transport, broadcaster } = await roomOf(60, script, { concurrency: 7 });
    await Promise.all([
      broadcaster.to('room').send('x', 1),
      broadcaster.to('room').send('y', 1),
      broadcaster.toAll().send('z', 1),
    ]);
    expect(transport.mostUnderWay()).toBe(7);
  });

  it('starts no more than maxPerSecond', async () => {
    jest.useFakeTimers();
    const { transport, broadcaster } = await roomOf(200, undefined, { maxPerSecond: 100 });
    const sending = broadcaster.to('room').send('x', 1);
    await jest.advanceTimersByTimeAsync(1000);
    expect(transport.attempts.size).toBeGreaterThan(90);
    expect(transport.attempts.size).toBeLessThanOrEqual(111);
    await jest.advanceTimersByTimeAsync(1500);
    expect(sent(await sending).delivered).toBe(200);
  });

  it('waits as long as the gateway asks before anybody else is tried', async () => {
    jest.useFakeTimers();
    const refused = new BroadcastError('RATE_LIMITED', 'slow down', { retryAfterMs: 1500 });
    const script: Script = (id, attempt) => (id === 'p00000' && attempt === 1 ? refused : 'ok');
    const { transport, broadcaster } = await roomOf(10, script, { concurrency: 1 });
    const sending = broadcaster.to('room').send('x', 1);
    await jest.advanceTimersByTimeAsync(1499);
    expect(transport.received.size).toBe(0);
    await jest.advanceTimersByTimeAsync(1000);
    expect(await sending).toMatchObject({ delivered: 10, retries: 1 });
  });

  it('lets the others go on when only a few are asked to wait', async () => {
    jest.useFakeTimers();
    const refused = new BroadcastError('RATE_LIMITED', 'slow down', { retryAfterMs: 1000 });
    const script: Script = async (id, attempt) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return id.endsWith('50') && attempt === 1 ? refused : 'ok';
    };
    const { broadcaster } = await roomOf(2000, script);
    const sending = broadcaster.to('room').send('x', 1);
    await jest.advanceTimersByTimeAsync(40_000);
    const { delivered, retries, durationMs } = sent(await sending);
    expect({ delivered, retries }).toEqual({ delivered: 2000, retries: 20 });
    expect(durationMs).toBeLessThan(3000);
  });

  it('sends fewer at a time while the gateway refuses, and more again afterwards', async () => {
    jest.useFakeTimers();
    let underWay = 0;
    let refusing = true;
    const windows: number[] = [];
    const script: Script = async (): Promise<Answer> => {
      underWay++;
      await new Promise((resolve) => setTimeout(resolve, 10));
      windows.push(underWay);
      underWay--;
      return refusing ? 'RATE_LIMITED' : 'ok';
    };
    const { broadcaster } = await roomOf(2000, script, { concurrency: 64, retries: 0 });
    const first = broadcaster.to('room').send('x', 1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent(await first).failed).toBe(2000);
    expect(Math.max(...windows.slice(0, 64))).toBe(64);
    expect(Math.max(...windows.slice(-50))).toBeLessThanOrEqual(3);
    refusing = false;
    windows.length = 0;
    const second = broadcaster.to('room').send('x', 1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent(await second).delivered).toBe(2000);
    expect(Math.max(...windows.slice(-50))).toBeGreaterThan(30);
  });

  it('gives up retrying in time for the deadline', async () => {
    jest.useFakeTimers();
    const { broadcaster } = await roomOf(1, () => 'GATEWAY_UNAVAILABLE', {
      retries: 100,
      minDelayMs: 100,
      maxDelayMs: 1000,
    });
    const sending = broadcaster.to('room').send('x', 1, { deadline: Date.now() + 5000 });
    await jest.advanceTimersByTimeAsync(5000);
    const report = await sending;
    expect(sent(report).failed).toBe(1);
    expect(sent(report).durationMs).toBeLessThan(5000);
  });

  it('never gives an attempt more time than is left', async () => {
    jest.useFakeTimers();
    const { transport, broadcaster } = await roomOf(3, undefined, { timeoutMs: 3000, reserveMs: 200 });
    await broadcaster
      .during({ getRemainingTimeInMillis: () => 1000 })
      .to('room')
      .send('x', 1);
    expect(Math.max(...transport.timeouts)).toBe(800);
  });
});

function answerAfter(ms: number): Promise<'ok'> {
  return new Promise((resolve) =>
    setTimeout(() => {
      resolve('ok');
    }, ms),
  );
}

describe('a broadcast that is cut short', () => {
  it.each([0, 1, 2, 7, 49, 50, 51, 99, 149, 194])(
    'reaches everybody exactly once when cut after %d sends and resumed',
    async (cut) => {
      const controller = new AbortController();
      let sends = 0;
      const script: Script = async (): Promise<Answer> => {
        if (++sends === cut) controller.abort();
        await Promise.resolve();
        return 'ok';
      };
      const { transport, ids, broadcaster } = await roomOf(200, script, { concurrency: 5, pageSize: 50 });
      if (cut === 0) controller.abort();
      const first = await broadcaster.to('room').send('x', 1, { signal: controller.signal });
      expect(first).toMatchObject({ complete: false, stoppedBy: 'signal' });
      expect(sum(sent(first))).toBe(sent(first).recipients);
      const second = await broadcaster.resume(sent(first).cursor ?? '').send('x', 1);
      expect(second).toMatchObject({ complete: true, id: first.id });
      expect(sent(first).delivered + sent(second).delivered).toBe(200);
      expect(reachedOnce(transport.received)).toEqual(ids);
    },
  );

  it('stops in time for the deadline and resumes, again and again, until everybody was reached once', async () => {
    jest.useFakeTimers();
    const { transport, ids, broadcaster } = await roomOf(500, () => answerAfter(40), {
      concurrency: 10,
      pageSize: 64,
    });
    let report = await withinTwoSeconds(() =>
      broadcaster.to('room').send('x', 1, { deadline: Date.now() + 1000 }),
    );
    const reports = [report];
    while (!sent(report).complete) {
      const { cursor = '' } = sent(report);
      report = await withinTwoSeconds(() =>
        broadcaster.resume(cursor).send('x', 1, { deadline: Date.now() + 1000 }),
      );
      reports.push(report);
    }
    expect(reports.length).toBeGreaterThan(2);
    expect(
      reports.every((one) => sent(one).durationMs <= 800 && sum(sent(one)) === sent(one).recipients),
    ).toBe(true);
    expect(
      reports.slice(0, -1).every((one) => sent(one).stoppedBy === 'deadline' && sent(one).skipped > 0),
    ).toBe(true);
    expect(reachedOnce(transport.received)).toEqual(ids);
  });

  it('skips nobody and repeats nobody while people join and leave in between', async () => {
    const controller = new AbortController();
    let sends = 0;
    const script: Script = () => {
      if (++sends === 40) controller.abort();
      return 'ok';
    };
    const { store, transport, ids, broadcaster } = await roomOf(100, script, {
      concurrency: 3,
      pageSize: 10,
    });
    const first = await broadcaster.to('room').send('x', 1, { signal: controller.signal });
    const served = [...transport.received.keys()];
    // The very connection that the cursor stands on leaves, and people arrive before and behind it.
    await store.remove([served.at(-1) ?? '', ids.at(-1) ?? '']);
    for (const id of ['a-newcomer', 'p00050x', 'z-newcomer']) {
      await store.put(storedConnection(id));
      await store.join(id, 'room');
    }
    await broadcaster.resume(sent(first).cursor ?? '').send('x', 1);
    const reached = reachedOnce(transport.received);
    expect(reached).toEqual(expect.arrayContaining(ids.slice(0, -1)));
    expect(reached).not.toContain(ids.at(-1));
  });

  it('ends before the deadline although the store does not answer', async () => {
    jest.useFakeTimers();
    const { store, transport } = await roomOf(1);
    const hanging: ConnectionStore = { ...store, list: () => new Promise(() => undefined) };
    const broadcaster = createBroadcaster({ store: hanging, transport });
    const report = await withinTwoSeconds(() =>
      broadcaster.to('room').send('x', 1, { deadline: Date.now() + 1000 }),
    );
    expect(report).toMatchObject({ stoppedBy: 'deadline', recipients: 1, skipped: 1, complete: false });
    expect(sent(report).durationMs).toBeLessThan(1000);
    expect(sent(report).cursor).toBeDefined();
  });

  it('counts those that it did not list as skipped', async () => {
    const controller = new AbortController();
    let sends = 0;
    const { transport, broadcaster } = await roomOf(
      100,
      (id) => {
        if (++sends === 15) controller.abort();
        return id === 'p00003' ? 'CONNECTION_STALE' : 'ok';
      },
      { concurrency: 1, pageSize: 10 },
    );
    const first = sent(await broadcaster.to('room').send('x', 1, { signal: controller.signal }));
    expect(first).toMatchObject({
      recipients: 100,
      delivered: 14,
      stale: 1,
      skipped: 85,
      stoppedBy: 'signal',
    });
    expect(first.uncounted).toBeUndefined();
    // A count of the audience says nothing about the part that is left.
    const rest = sent(
      await broadcaster.resume(first.cursor ?? '').send('x', 1, { signal: AbortSignal.abort() }),
    );
    expect(rest).toMatchObject({ recipients: 0, skipped: 0, uncounted: true });
    const some = broadcaster.to('room').except('p00001');
    expect(sent(await some.send('x', 1, { signal: AbortSignal.abort() }))).toMatchObject({ uncounted: true });
    expect(transport.attempts.size).toBe(15);
  });

  it('says so when the store does not count in time those that it did not list', async () => {
    jest.useFakeTimers();
    const { store, transport } = await roomOf(7);
    const list: ConnectionStore['list'] = () => new Promise(() => undefined);
    const call = async (count: ConnectionStore['count']): Promise<DeliveryReport> => {
      const broadcaster = createBroadcaster({ store: { ...store, list, count }, transport });
      const deadline = Date.now() + 1000;
      const report = await withinTwoSeconds(() => broadcaster.to('room').send('x', 1, { deadline }));
      return sent(report);
    };
    const counted = await call(store.count);
    expect(counted).toMatchObject({ recipients: 7, skipped: 7, stoppedBy: 'deadline' });
    expect(counted.uncounted).toBeUndefined();
    for (const count of [
      () => new Promise<number>(() => undefined),
      () => Promise.reject(new Error('away')),
    ]) {
      const report = await call(count);
      expect(report).toMatchObject({ recipients: 0, skipped: 0, uncounted: true, stoppedBy: 'deadline' });
      expect(report.durationMs).toBeLessThanOrEqual(800);
    }
  });

  it('tries some sends in every call, however slow the gateway has been before', async () => {
    jest.useFakeTimers();
    let answersAfterMs = 2000;
    const { transport, broadcaster } = await roomOf(20, async () => {
      await new Promise((resolve) => setTimeout(resolve, answersAfterMs));
      return 'ok' as const;
    });
    const call = async (ms: number): Promise<DeliveryReport> => {
      const sending = broadcaster.to('room').send('x', 1, { deadline: Date.now() + ms });
      await jest.advanceTimersByTimeAsync(ms);
      return sent(await sending);
    };
    expect(await call(10_000)).toMatchObject({ delivered: 20, stoppedBy: 'done' });
    // Still slow: those that fit into the call are sent.
    expect(await call(3000)).toMatchObject({ delivered: 20, stoppedBy: 'done' });
    answersAfterMs = 5;
    for (let calls = 0; calls < 3; calls++) expect(await call(500)).toMatchObject({ delivered: 20 });
    expect(transport.attempts.get('p00000')).toBe(5);
  });

  it('sends nothing when the deadline has passed', async () => {
    const { transport, broadcaster } = await roomOf(5);
    const report = await broadcaster.to('room').send('x', 1, { deadline: Date.now() - 1 });
    expect(report).toMatchObject({ delivered: 0, complete: false, stoppedBy: 'deadline' });
    expect(transport.attempts.size).toBe(0);
  });

  it('skips those who were not reached before the message expired, and offers no cursor', async () => {
    jest.useFakeTimers();
    const { transport, broadcaster } = await roomOf(50, () => answerAfter(100), { concurrency: 5 });
    const sending = broadcaster.to('room').send('x', 1, { expiresAt: Date.now() + 250 });
    await jest.advanceTimersByTimeAsync(1000);
    const report = await sending;
    expect(report).toMatchObject({ delivered: 15, skipped: 35, stoppedBy: 'expired', complete: false });
    expect(sent(report).cursor).toBeUndefined();
    expect(transport.attempts.size).toBe(15);
  });

  it('refuses to resume without the filter that the broadcast had', async () => {
    const { broadcaster } = await roomOf(5);
    const first = await broadcaster.to('room').except('p00004').send('x', 1, { deadline: 0 });
    const cursor = sent(first).cursor ?? '';
    await expect(broadcaster.resume(cursor).send('x', 1)).rejects.toThrow(/INVALID_OPTIONS: resume.*except/);
    expect(await broadcaster.resume(cursor).except('p00004').send('x', 1)).toMatchObject({ delivered: 4 });
  });

  it('refuses a cursor that it did not make', async () => {
    const { broadcaster } = await roomOf(0);
    expect(() => broadcaster.resume('nonsense')).toThrow(/INVALID_OPTIONS: cursor/);
  });
});

async function withinTwoSeconds<T>(work: () => Promise<T>): Promise<T> {
  const result = work();
  await jest.advanceTimersByTimeAsync(2000);
  return result;
}

describe('a store in trouble', () => {
  function failingAfter(pages: number, store: ConnectionStore): ConnectionStore {
    let listed = 0;
    return {
      ...store,
      list: (...request) =>
        listed++ < pages
          ? store.list(...request)
          : Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down')),
    };
  }

  it('rejects when the first page cannot be read', async () => {
    const { store, transport } = await roomOf(3);
    const broadcaster = createBroadcaster({ store: failingAfter(0, store), transport });
    await expect(broadcaster.to('room').send('x', 1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('reports how far it came when a later page cannot be read, and resumes from there', async () => {
    const { store, transport, ids, broadcaster } = await roomOf(30);
    const troubled = createBroadcaster({
      store: failingAfter(2, store),
      transport,
      broadcast: { pageSize: 10 },
    });
    const first = await troubled.to('room').send('x', 1);
    expect(first).toMatchObject({
      delivered: 20,
      complete: false,
      stoppedBy: 'store',
      storeError: { code: 'STORE_UNAVAILABLE' },
    });
    await broadcaster.resume(sent(first).cursor ?? '').send('x', 1);
    expect(reachedOnce(transport.received)).toEqual(ids);
  });
});

describe('watching', () => {
  it('tells its progress every so often and at the end', async () => {
    jest.useFakeTimers();
    const { broadcaster } = await roomOf(100, () => answerAfter(100), { concurrency: 10 });
    const seen: [number, number | undefined][] = [];
    const sending = broadcaster.to('room').send('x', 1, {
      progressEveryMs: 250,
      onProgress: ({ done, total }) => seen.push([done, total]),
    });
    await jest.advanceTimersByTimeAsync(2000);
    await sending;
    expect(seen[0]).toEqual([20, 100]);
    expect(seen.at(-1)).toEqual([100, 100]);
    expect(seen.length).toBeLessThanOrEqual(6);
    expect(seen).toEqual([...seen].sort(([a], [b]) => a - b));
  });

  it('can be iterated over, and awaited afterwards', async () => {
    const script: Script = () =>
      new Promise((resolve) =>
        setImmediate(() => {
          resolve('ok');
        }),
      );
    const { broadcaster } = await roomOf(300, script, { concurrency: 3 });
    const broadcast = broadcaster.to('room').send('x', 1, { progressEveryMs: 1 });
    const seen: number[] = [];
    for await (const { done } of broadcast) seen.push(done);
    expect(seen.at(-1)).toBe(300);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(sent(await broadcast).delivered).toBe(300);
  });

  it('is not disturbed by a listener that throws', async () => {
    const { broadcaster } = await roomOf(3);
    const onProgress = (): void => {
      throw new Error('broken bar');
    };
    expect(await broadcaster.to('room').send('x', 1, { onProgress })).toMatchObject({ delivered: 3 });
  });
});

describe('forecast', () => {
  it('tells what a broadcast would do, without sending', async () => {
    const { transport, broadcaster } = await roomOf(500);
    const forecast = await broadcaster
      .to('room')
      .forecast('x', { text: 'hello' }, { deadline: Date.now() + 60_000 });
    expect(forecast).toMatchObject({
      recipients: 500,
      calls: 500,
      fitsDeadline: true,
      pace: { measured: false },
    });
    const text = JSON.stringify({ type: 'x', data: { text: 'hello' }, id: randomUUID(), room: 'room' });
    expect(forecast.bytes).toBe(500 * text.length);
    expect(transport.attempts.size).toBe(0);
  });

  it('counts a filtered audience one by one', async () => {
    const { broadcaster } = await roomOf(20);
    expect(
      await broadcaster
        .to('room')
        .except('p00003')
        .where(({ id }) => id < 'p00010')
        .forecast('x', 1),
    ).toMatchObject({
      recipients: 9,
      fitsDeadline: undefined,
    });
  });

  it('uses the pace that was measured, and says when the deadline is too close', async () => {
    jest.useFakeTimers();
    const { broadcaster } = await roomOf(1000, () => answerAfter(100), { concurrency: 10 });
    const sending = broadcaster.to('room').send('x', 1);
    await jest.advanceTimersByTimeAsync(15_000);
    await sending;
    const forecast = await broadcaster.to('room').forecast('x', 1, { deadline: Date.now() + 5000 });
    expect(forecast.pace.measured).toBe(true);
    expect(forecast.pace.perSecond).toBeGreaterThan(80);
    expect(forecast.pace.perSecond).toBeLessThan(130);
    expect(forecast.seconds).toBeGreaterThan(7);
    expect(forecast.fitsDeadline).toBe(false);
  });
});

describe('createBroadcaster', () => {
  it.each([
    [{ concurency: 5 }, /createBroadcaster: Unrecognized key: "concurency"/],
    [{ broadcast: { concurency: 5 } }, /createBroadcaster\.broadcast: Unrecognized key: "concurency"/],
    [{ broadcast: { concurrency: 0 } }, /createBroadcaster\.broadcast\.concurrency/],
    [{ broadcast: { timeoutMs: '3s' } }, /createBroadcaster\.broadcast\.timeoutMs/],
    [
      { concurrency: 5 },
      /createBroadcaster\.concurrency: is an option of broadcast: broadcast: \{ concurrency: … \}/,
    ],
    [{ queue: {} }, /createBroadcaster\.queue: is an option of broadcast: broadcast: \{ fanout: queueFanout/],
    [{ history: {} }, /createBroadcaster\.history: is an option of rooms: rooms: \{ history: … \}/],
    [{ store: {} }, /createBroadcaster\.store: expected a connection store/],
    [{ transport: 'rest' }, /createBroadcaster\.transport: expected a transport/],
  ])('refuses %p', async (wrong, message) => {
    const options = { store: memoryStore(), transport: scriptedTransport(), ...wrong };
    expect(() => createBroadcaster(options as BroadcasterOptions)).toThrow(message);
  });

  it('refuses unknown send options before anything is sent', async () => {
    const { transport, broadcaster } = await roomOf(1);
    const options = { deadlineMs: 5 } as object;
    await expect(broadcaster.to('room').send('x', 1, options)).rejects.toThrow(
      /send options: Unrecognized key/,
    );
    expect(transport.attempts.size).toBe(0);
  });

  it('tells transport and store of each call, for the token', async () => {
    const { store, transport } = await roomOf(0);
    const onInvocation = jest.fn();
    const broadcaster = createBroadcaster({
      store: { ...store, onInvocation },
      transport: { ...transport, onInvocation },
    });
    const context = { token: { access_token: 'secret' } };
    broadcaster.during(context);
    expect(onInvocation.mock.calls).toEqual([[context], [context]]);
  });
});
