/** What workers do when jobs come twice, late, malformed or together, and when instances are lost. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  BroadcastError,
  createApp,
  defineContract,
  type ConnectionStore,
  type FunctionContext,
} from 'yc-broadcast';
import { queueFanout, type MessageQueue, type QueueMessage } from 'yc-broadcast/queue';
import * as z from 'zod';
import { connectEvent, messageEvent } from '../support/events.js';
import { fanoutWorld, timesReached, type FanoutWorld } from '../support/fanout-world.js';
import { memoryQueue, type MemoryQueue } from '../support/memory-queue.js';
import { scriptedTransport } from '../support/scripted-transport.js';

function once(ids: readonly string[]): Map<string, number> {
  return new Map(ids.map((id) => [id, 1]));
}

function takeAll(queue: MemoryQueue): object[] {
  const events: object[] = [];
  for (let event = queue.take(); event !== undefined; event = queue.take()) events.push(event);
  return events;
}

/** Time left to a call, which begins to run out when it is first asked for. */
function callOf(ms: number): FunctionContext {
  const endsAt = Date.now() + ms;
  return { getRemainingTimeInMillis: () => endsAt - Date.now() };
}

function takeBodies(queue: MemoryQueue): QueueMessage[] {
  const messages = [...queue.waiting];
  queue.take(messages.length);
  return messages;
}

/** Sends that get no answer before the test is over, and the workers that wait for them. */
const endings: (() => void)[] = [];
const unanswered = (): Promise<'ok'> =>
  new Promise((resolve) =>
    endings.push(() => {
      resolve('ok');
    }),
  );
/** A gateway that takes 5 ms, so that a call runs out of time among its sends. */
const slowly = (): Promise<'ok'> =>
  new Promise((resolve) =>
    setTimeout(() => {
      resolve('ok');
    }, 5),
  );

const lostWork: Promise<unknown>[] = [];

afterEach(async () => {
  for (const end of endings.splice(0)) end();
  await Promise.allSettled(lostWork.splice(0));
});

describe('a job that comes twice', () => {
  it.each(['one after the other', 'at the same time'])('sends nothing twice, %s', async (how) => {
    const { broadcaster, instance, queue, transport, ids, drain } = await fanoutWorld();
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    const events = takeAll(queue);
    const work = [...events, ...events].map((event) => () => instance().work(event));
    if (how === 'at the same time') await Promise.all(work.map((one) => one()));
    else for (const one of work) await one();
    await drain();
    expect(timesReached(transport)).toEqual(once(ids));
    expect(await broadcaster.status(id)).toMatchObject({ delivered: 100, restarts: 0, settled: true });
  });

  it('sends nothing twice within one event, whichever way attributes are spelt', async () => {
    const { broadcaster, queue, transport, ids } = await fanoutWorld();
    await broadcaster.to('room').dispatch('x', 1);
    const jobs = [...queue.waiting];
    await broadcaster.work(queue.eventOf([...jobs, ...jobs], { attributeNames: 'camelCase' }));
    expect(timesReached(transport)).toEqual(once(ids));
  });

  it('is put back while another worker is at it, so that it can step in', async () => {
    const { broadcaster, instance, queue, transport, drain } = await fanoutWorld({ people: 5 });
    await broadcaster.to('room').dispatch('x', 1);
    const [event = {}] = takeAll(queue);
    const answers: (() => void)[] = [];
    const slow = scriptedTransport(
      () =>
        new Promise((resolve) =>
          answers.push(() => {
            resolve('ok');
          }),
        ),
    );
    const working = instance(slow).work(event);
    while (answers.length < 5) await new Promise((resolve) => setImmediate(resolve));
    await instance().work(event);
    const [copy] = queue.waiting;
    expect(queue.waiting).toHaveLength(1);
    expect(copy?.delaySeconds).toBeGreaterThanOrEqual(31);
    expect(copy?.delaySeconds).toBeLessThanOrEqual(33);
    for (const answer of answers) answer();
    await working;
    await drain();
    expect(transport.received.size).toBe(0);
  });
});

describe('a worker that is lost', () => {
  it('is followed by another when its lease is over, from the last page that was written down', async () => {
    let now = 1_000_000;
    const world = await fanoutWorld({ fanout: { now: () => now, maxShards: 1, pageSize: 10 } });
    const { broadcaster, instance, queue, transport, ids } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    const event = queue.take() ?? {};
    const lost = scriptedTransport((to) => (to === 'p00025' ? unanswered() : 'ok'));
    lostWork.push(instance(lost).work(event));
    while ((lost.received.get('p00029') ?? []).length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    expect(lost.received.size).toBe(29); // two pages, and nine of the third

    await instance().work(event); // comes again, too early
    expect(transport.received.size).toBe(0);
    now += 30_000;
    await world.drain();
    const reached = timesReached(transport);
    expect([...reached.keys()]).toEqual(ids.slice(20));
    expect(reached.get('p00024')).toBe(1);
    const [first, second] = [lost, transport].map(({ received }) => received.get('p00024')?.[0]);
    expect(first).toBe(second); // the same id: clients drop it
    expect(await broadcaster.status(id)).toMatchObject({
      recipients: 100,
      delivered: 100,
      restarts: 1,
      complete: true,
    });
  });

  it('ends with its page, and counts nothing of it, when another has taken over', async () => {
    let now = 1_000_000;
    const world = await fanoutWorld({ people: 30, fanout: { now: () => now, maxShards: 1 } });
    const { broadcaster, instance, queue, transport, ids } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    const event = queue.take() ?? {};
    let wake = (): void => undefined;
    const paused = scriptedTransport((to) =>
      to === 'p00009'
        ? new Promise(
            (resolve) =>
              (wake = () => {
                resolve('ok');
              }),
          )
        : 'ok',
    );
    const first = instance(paused).work(event);
    while (paused.received.size < 9) await new Promise((resolve) => setImmediate(resolve));
    now += 30_000;
    await instance().work(event);
    expect(timesReached(transport)).toEqual(once(ids));
    wake();
    await first;
    expect(paused.received.size).toBe(10);
    expect(queue.waiting).toHaveLength(1); // for the case that the other one is lost as well
    await world.drain();
    expect(timesReached(transport)).toEqual(once(ids));
    expect(await broadcaster.status(id)).toMatchObject({ recipients: 30, delivered: 30, restarts: 1 });
  });

  it('loses no stale connection of the page that it did not write down', async () => {
    let now = 1_000_000;
    const stale = ['p00001', 'p00003'];
    const world = await fanoutWorld({
      people: 10,
      fanout: { now: () => now },
      script: (to) => (stale.includes(to) ? 'CONNECTION_STALE' : 'ok'),
    });
    const { broadcaster, instance, queue, store } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    const event = queue.take() ?? {};
    const lost = scriptedTransport((to) =>
      to === 'p00009' ? unanswered() : stale.includes(to) ? 'CONNECTION_STALE' : 'ok',
    );
    lostWork.push(instance(lost).work(event));
    while (lost.received.size < 7) await new Promise((resolve) => setImmediate(resolve));
    now += 30_000;
    await broadcaster.work(event);
    expect(await broadcaster.status(id)).toMatchObject({ recipients: 10, delivered: 8, stale: 2 });
    expect(await store.count({ room: 'room' })).toBe(8);
  });
});

describe('a call without time', () => {
  it('passes its shard on before it is over, and nobody is sent to twice', async () => {
    const world = await fanoutWorld({
      people: 60,
      fanout: { maxShards: 1, reserveMs: 100 },
      broadcaster: { broadcast: { concurrency: 1 } },
      script: slowly,
    });
    const { broadcaster, queue, transport, ids } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    let calls = 0;
    for (let event = queue.take(); event !== undefined; event = queue.take()) {
      calls++;
      const context = callOf(400);
      await broadcaster.during(context).work(event);
      expect(context.getRemainingTimeInMillis?.()).toBeGreaterThan(0);
    }
    expect(calls).toBeGreaterThan(1);
    expect(timesReached(transport)).toEqual(once(ids));
    expect(await broadcaster.status(id)).toMatchObject({ delivered: 60, restarts: 0, complete: true });
  });

  it('puts the other jobs of its event back', async () => {
    const world = await fanoutWorld({
      fanout: { reserveMs: 100 },
      broadcaster: { broadcast: { concurrency: 1 } },
      script: () =>
        new Promise((resolve) =>
          setTimeout(() => {
            resolve('ok');
          }, 50),
        ),
    });
    const { broadcaster, queue } = world;
    await broadcaster.to('room').dispatch('x', 1);
    await broadcaster.during(callOf(1000)).work(queue.take(4) ?? {});
    const turns = queue.waiting.map(({ body }) => (JSON.parse(body) as { turn: number }).turn);
    expect(turns).toEqual([1, 0, 0, 0]);
  });
});

describe('a job that nobody can do', () => {
  const poison = [
    ['is no JSON', '{'],
    ['is a message of somebody else', '{"hello":"secret"}'],
    ['comes from a newer version', { 'yc-broadcast-job': 3 }],
    ['has a field too many', { secret: 1 }],
    ['has a shard that cannot be', { shard: 4 }],
  ] as const;

  it.each(poison)('goes to the dead letters when it %s, and the others are done', async (_what, wrong) => {
    const deadLetters = memoryQueue('dead');
    const world = await fanoutWorld({ fanout: { deadLetters } });
    const { broadcaster, queue, transport, ids, errors } = world;
    await broadcaster.to('room').dispatch('x', 1);
    const [first, ...rest] = takeBodies(queue);
    const job = JSON.parse(first?.body ?? '') as object;
    const body = typeof wrong === 'string' ? wrong : JSON.stringify({ ...job, ...wrong });
    await broadcaster.work(queue.eventOf([first as { body: string }, { body }, ...rest]));
    expect(timesReached(transport)).toEqual(once(ids));
    expect(deadLetters.waiting).toEqual([{ body }]);
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_EVENT' })]);
    expect(String(errors[0])).not.toContain('secret":1');
  });

  it('makes its event come again when there are no dead letters; the others are not done again', async () => {
    const { broadcaster, queue, transport, ids } = await fanoutWorld();
    await broadcaster.to('room').dispatch('x', 1);
    const event = queue.eventOf([{ body: 'poison' }, ...takeBodies(queue)]);
    for (let time = 0; time < 3; time++)
      await expect(broadcaster.work(event)).rejects.toThrow('INVALID_EVENT');
    expect(timesReached(transport)).toEqual(once(ids));
    expect(queue.waiting).toEqual([]);
  });

  it('comes again when the dead letters take nothing', async () => {
    const deadLetters = memoryQueue('dead');
    const { broadcaster, queue } = await fanoutWorld({ fanout: { deadLetters } });
    deadLetters.failNext();
    await expect(broadcaster.work(queue.eventOf([{ body: 'poison' }]))).rejects.toThrow('QUEUE_UNAVAILABLE');
  });

  it('is abandoned when its message does not fit the transport of the worker, and the status says so', async () => {
    const deadLetters = memoryQueue('dead');
    const { broadcaster, instance, drain } = await fanoutWorld({ people: 3, fanout: { deadLetters } });
    const { id } = await broadcaster.to('room').dispatch('x', 'y'.repeat(1000));
    await drain(instance(scriptedTransport(undefined, 500)));
    expect(deadLetters.waiting).toHaveLength(1);
    expect(await broadcaster.status(id)).toMatchObject({
      state: 'done',
      settled: true,
      complete: false,
      recipients: 0,
      shards: { done: 1, abandoned: 1 },
    });
  });

  it('is set aside when it comes to the wrong store, which is said', async () => {
    const deadLetters = memoryQueue('dead');
    const world = await fanoutWorld({ people: 1 });
    const other = await fanoutWorld({ people: 1, fanout: { deadLetters } });
    await world.broadcaster.to('room').dispatch('x', 1);
    const jobs = [...world.queue.waiting];
    await other.broadcaster.work(world.queue.take());
    expect(String(other.errors[0])).toMatch(/not in the store 'memory'/);
    expect(deadLetters.waiting).toEqual(jobs);
  });

  it('is refused when it is no event of a queue at all', async () => {
    const { broadcaster } = await fanoutWorld({ people: 1 });
    await expect(broadcaster.work({ httpMethod: 'GET' })).rejects.toMatchObject({ code: 'INVALID_EVENT' });
  });
});

describe('a forged job', () => {
  const VERSION_1 = {
    'yc-broadcast-job': 1,
    id: 'x',
    audience: { all: true },
    shard: 0,
    of: 1,
    turn: 0,
    expiresAt: 1e15,
    text: 'from a stranger',
  };
  const forgeries: [string, (id: string) => unknown][] = [
    ['brings audience and text of its own', () => VERSION_1],
    ['names a broadcast that there is, which every client knows', (id) => jobFor(id, { key: '' })],
    ['guesses the key', (id) => jobFor(id, { key: '9b0e3f2a-6a4e-4a57-8f0f-0d8a1d1b1c11' })],
    ['names a broadcast that there is not', () => jobFor('nothing', {})],
    ['has an id that no store can look for', () => jobFor('a\0b', {})],
    ['has an id of half a surrogate pair', () => jobFor('\uD800', {})],
    ['has a very long id', () => jobFor('x'.repeat(5000), {})],
    ['has no key', (id) => ({ 'yc-broadcast-job': 2, id })],
    ['has a version that nobody knows', () => ({ 'yc-broadcast-job': 99 })],
    ['has a key of another type', (id) => jobFor(id, { key: { length: 36 } })],
  ];

  function jobFor(id: string, parts: object): object {
    return { 'yc-broadcast-job': 2, id, key: 'k', shard: 0, turn: 0, ...parts };
  }

  async function appWith(deadLetters?: MessageQueue) {
    const world = await fanoutWorld({ people: 3 });
    const reports: { readonly error: unknown; readonly during: string }[] = [];
    const app = createApp({
      store: world.store,
      transport: world.transport,
      origins: 'any',
      broadcast: {
        fanout: queueFanout({ queue: world.queue, deadLetters, onError: (report) => reports.push(report) }),
      },
    });
    const { id } = await app.broadcaster.to('room').dispatch('x', 1);
    return { ...world, app, id, reports };
  }

  it.each(forgeries)('reaches nobody and goes aside, once, when it %s', async (_what, forge) => {
    const deadLetters = memoryQueue('dead');
    const { app, id, queue, transport, reports } = await appWith(deadLetters);
    const body = JSON.stringify(forge(id));
    expect(await app.handler(queue.eventOf([{ body }]))).toEqual({ statusCode: 200 });
    expect(transport.received.size).toBe(0);
    expect(deadLetters.waiting).toEqual([{ body }]);
    expect(reports).toEqual([
      { error: expect.objectContaining({ code: 'FORBIDDEN' }), during: 'job', requestId: undefined },
    ]);
    expect(String(reports[0]?.error)).not.toContain('stranger');
    expect(await app.broadcaster.status(id)).toMatchObject({ state: 'queued', recipients: 0 });
  });

  it.each(forgeries)(
    'does not make its event come again without dead letters when it %s',
    async (_what, forge) => {
      const { app, id, queue, transport, reports } = await appWith();
      const body = JSON.stringify(forge(id));
      expect(await app.handler(queue.eventOf([{ body }]))).toEqual({ statusCode: 200 });
      expect(transport.received.size).toBe(0);
      expect(reports).toHaveLength(1);
      expect(queue.waiting).toHaveLength(1); // the real one
    },
  );

  it('leaves the other messages of its event to the app', async () => {
    const { app, queue, transport, reports } = await appWith();
    const bodies: unknown[] = [];
    app.onOtherEvent(({ event }) => {
      const { messages } = event.raw as { messages: { details: { message: { body: string } } }[] };
      bodies.push(...messages.map(({ details }) => details.message.body));
    });
    const forged = { body: JSON.stringify(VERSION_1) };
    await app.handler(queue.eventOf([{ body: 'one' }, forged, ...queue.waiting, { body: 'two' }]));
    expect(bodies).toEqual(['one', 'two']);
    expect(reports).toHaveLength(1);
    expect(timesReached(transport).size).toBe(3);
  });
});

describe('a store in trouble', () => {
  it.each(['read', 'write', 'list'] as const)(
    'makes the job come again when %s fails, and nobody is left out or counted twice',
    async (what) => {
      const world = await fanoutWorld({ people: 50, fanout: { maxShards: 1 } });
      const { broadcaster, queue, transport, ids, store } = world;
      const { id } = await broadcaster.to('room').dispatch('x', 1);
      const event = queue.take() ?? {};
      for (let failAt = 1; failAt < 8; failAt++) {
        const failing = createFailing(world, what, failAt);
        await failing.work(event).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
        });
      }
      await broadcaster.work(event);
      await world.drain();
      const reached = timesReached(transport);
      expect([...reached.keys()].sort()).toEqual(ids);
      const status = await broadcaster.status(id);
      expect(status).toMatchObject({ recipients: 50, delivered: 50, complete: true });
      const repeated = [...reached.values()].reduce((sum, times) => sum + times - 1, 0);
      expect(repeated).toBeLessThanOrEqual((status?.restarts ?? 0) * 10);
      expect(await store.count({ room: 'room' })).toBe(50);
    },
  );
});

it('counts a page that was written down, though nobody can say whether the broadcast was cancelled', async () => {
  const world = await fanoutWorld({ people: 30, fanout: { maxShards: 1, pageSize: 30 } });
  const { id } = await world.broadcaster.to('room').dispatch('x', 1);
  const event = world.queue.take() ?? {};
  const BROADCAST_THEN_SHARD = 2;
  const failing = createFailing(world, 'read', BROADCAST_THEN_SHARD + 1);
  await expect(failing.work(event)).rejects.toThrow('STORE_UNAVAILABLE');
  await world.broadcaster.work(event);
  expect(timesReached(world.transport)).toEqual(once(world.ids));
  expect(await world.broadcaster.status(id)).toMatchObject({ delivered: 30, restarts: 0 });
});

/** An instance whose store fails at the nth call of a kind. */
function createFailing(
  { store, transport, queue }: FanoutWorld,
  what: 'read' | 'write' | 'list',
  failAt: number,
) {
  let calls = 0;
  const check = (kind: string): void => {
    if (kind === what && ++calls === failAt) throw new BroadcastError('STORE_UNAVAILABLE', 'scripted');
  };
  const records = store.records as NonNullable<ConnectionStore['records']>;
  const failing: ConnectionStore = {
    ...store,
    list: async (...args) => (check('list'), store.list(...args)),
    records: {
      ...records,
      read: async (key) => (check('read'), records.read(key)),
      write: async (...args) => (check('write'), records.write(...args)),
    },
  };
  return createApp({
    store: failing,
    transport,
    origins: 'any',
    broadcast: { fanout: queueFanout({ queue, pageSize: 10, onError: () => undefined }) },
  }).broadcaster;
}

describe('a queue in trouble', () => {
  it('makes the job come again, which then goes on', async () => {
    const world = await fanoutWorld({
      people: 60,
      fanout: { maxShards: 1, reserveMs: 50 },
      broadcaster: { broadcast: { concurrency: 1 } },
      script: slowly,
    });
    const { broadcaster, queue, transport, ids } = world;
    await broadcaster.to('room').dispatch('x', 1);
    const event = queue.take() ?? {};
    queue.failNext();
    await expect(broadcaster.during(callOf(300)).work(event)).rejects.toThrow('QUEUE_UNAVAILABLE');
    expect(queue.waiting).toEqual([]);
    await broadcaster.work(event);
    expect(timesReached(transport)).toEqual(once(ids));
  });
});

it('tells the queue how long it may take, so that a call is not over before it lets go of the shard', async () => {
  const world = await fanoutWorld({ script: () => 'RATE_LIMITED', fanout: { maxShards: 1, pageSize: 100 } });
  await world.broadcaster.to('room').dispatch('x', 1);
  const send = jest.spyOn(world.queue, 'send');
  const event = world.queue.take() ?? {};
  const endsAt = Date.now() + 8000;
  await world.broadcaster.during(callOf(8000)).work(event);
  const [, { deadline = Infinity } = {}] = send.mock.calls[0] ?? [];
  expect(deadline).toBeGreaterThan(endsAt - 2000);
  expect(deadline).toBeLessThan(endsAt - 400);
});

it('abandons no shard because the queue is not where it should be', async () => {
  let storm = true;
  const world = await fanoutWorld({
    fanout: { maxShards: 1, pageSize: 100 },
    script: () => (storm ? 'RATE_LIMITED' : 'ok'),
  });
  const { broadcaster, queue, ids, transport } = world;
  const { id } = await broadcaster.to('room').dispatch('x', 1);
  const event = queue.take() ?? {};
  const wrong: MessageQueue = {
    ...queue,
    send: () => Promise.reject(new BroadcastError('INVALID_OPTIONS', 'there is no queue at this address')),
  };
  const misled = createApp({
    store: world.store,
    transport,
    origins: 'any',
    broadcast: {
      fanout: queueFanout({ queue: wrong, deadLetters: world.deadLetters, onError: () => undefined }),
    },
  }).broadcaster;
  await expect(misled.work(event)).rejects.toThrow(
    'QUEUE_UNAVAILABLE: a job cannot be requeued: there is no queue at this address',
  );
  expect(world.deadLetters.sent).toBe(0);
  storm = false;
  await broadcaster.work(event);
  expect(timesReached(transport)).toEqual(once(ids));
  expect(await broadcaster.status(id)).toMatchObject({ complete: true, shards: { abandoned: 0 } });
});

describe('an app', () => {
  function appOf({ store, transport, queue }: FanoutWorld) {
    return createApp({
      store,
      transport,
      origins: 'any',
      broadcast: { fanout: queueFanout({ queue, recipientsPerShard: 25, onError: () => undefined }) },
    });
  }

  it('does jobs as its worker, and as its handler', async () => {
    const world = await fanoutWorld();
    const app = appOf(world);
    await app.broadcaster.to('room').dispatch('x', 1);
    expect(await app.worker(world.queue.take())).toEqual({ statusCode: 200 });
    expect(await app.handler(world.queue.take(3))).toEqual({ statusCode: 200 });
    expect(timesReached(world.transport)).toEqual(once(world.ids));
  });

  it('leaves other queues to onOtherEvent, in its handler; its worker takes everything for jobs', async () => {
    const world = await fanoutWorld();
    const foreign = world.queue.eventOf([{ body: '{"order":1}' }]);
    const app = appOf(world);
    await expect(app.handler(foreign)).rejects.toThrow('onOtherEvent');
    const seen: unknown[] = [];
    app.onOtherEvent(({ event }) => {
      seen.push(event.raw);
    });
    await app.handler(foreign);
    expect(seen).toEqual([foreign]);
    await expect(app.worker(foreign)).rejects.toThrow(/not a job; use a separate queue for jobs/);
  });

  it('says what is missing when it has no queue', async () => {
    const { store, transport } = await fanoutWorld({ people: 0 });
    const app = createApp({ store, transport, origins: 'any' });
    await expect(app.worker({ messages: [] })).rejects.toThrow(/INVALID_OPTIONS: this requires a queue/);
  });

  it('answers a client with what was dispatched when its handler returns the report', async () => {
    const { store, transport, queue } = await fanoutWorld();
    const contract = defineContract({ client: { shout: z.string() }, server: { heard: z.string() } });
    const app = createApp({
      contract,
      store,
      transport,
      origins: 'any',
      broadcast: { fanout: queueFanout({ queue, threshold: 50, recipientsPerShard: 25 }) },
    }).on('shout', ({ data, to }) => to('room').send('heard', data));
    await app.handler(connectEvent({ connectedAt: Date.now() }));
    const { body = '' } = await app.handler(messageEvent({ type: 'shout', id: '1', data: 'x' }));
    expect(JSON.parse(body)).toMatchObject({
      data: { kind: 'dispatched', shards: 4, expected: 100 },
    });
  });

  it('dispatches from a hook, within the call', async () => {
    const world = await fanoutWorld();
    const app = appOf(world).onOtherEvent(async ({ to }) => {
      await to('room').dispatch('x', 1);
    });
    await app.handler({
      messages: [{ event_metadata: { event_type: 'yandex.cloud.events.serverless.triggers.TimerMessage' } }],
    });
    expect(world.queue.sent).toBe(4);
  });
});
