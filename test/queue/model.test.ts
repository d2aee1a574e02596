/**
 * Random runs of a broadcast through the queue: jobs come twice and in any order, instances are killed before
 * or after anything that they do outside themselves. In the end everybody has the message, whoever lived
 * through it got it once, and the status says what the gateway has seen.
 */
import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createBroadcaster, type Broadcaster, type ConnectionStore } from 'yc-broadcast';
import { queueFanout, type MessageQueue } from 'yc-broadcast/queue';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { memoryQueue } from '../support/memory-queue.js';
import { fillRoom } from '../support/people.js';
import { scriptedTransport } from '../support/scripted-transport.js';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 150);

/** One call of a worker. */
interface Call extends Life {
  /** Which message it gets, and whether that comes once more. */
  readonly pick: number;
  readonly isDuplicate: boolean;
  /** Whether the next call runs beside it. */
  readonly isBeside: boolean;
  /** Its time, if that is short, in milliseconds. */
  readonly timeMs: number | undefined;
}

/** What befalls an instance. */
interface Life {
  /** The step at which it stands still for longer than its lease. */
  readonly pausesAt: number | undefined;
  /** The step at which it dies, and whether that still takes place. */
  readonly diesAt: number | undefined;
  readonly diesBefore: boolean;
}

const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const call = fc.record({
  pick: fc.nat(),
  isDuplicate: fc.boolean(),
  isBeside: fc.boolean(),
  timeMs: rarely(fc.integer({ min: 100, max: 1500 })),
  pausesAt: rarely(fc.integer({ min: 1, max: 60 })),
  diesAt: rarely(fc.integer({ min: 1, max: 60 })),
  diesBefore: fc.boolean(),
});

const run = fc.record({
  people: fc.integer({ min: 0, max: 60 }),
  staleEvery: fc.integer({ min: 2, max: 20 }),
  shards: fc.integer({ min: 1, max: 5 }),
  pageSize: fc.integer({ min: 1, max: 12 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
  calls: fc.array(call, { maxLength: 12 }),
});
type Run = typeof run extends fc.Arbitrary<infer R> ? R : never;

const never = new Promise<never>(() => undefined);

const STEP_MS = 10;
const LEASE_MS = 3000;

/**
 * What an instance does outside itself, step by step. Once it is dead, nothing that it does has an effect or
 * an answer.
 */
function mortal({ pausesAt, diesAt, diesBefore }: Life, pass: (ms: number) => void) {
  let steps = 0;
  let die: (value: 'dead') => void = () => undefined;
  const death = new Promise<'dead'>((resolve) => (die = resolve));

  async function step<T>(effect: () => Promise<T>): Promise<T> {
    steps++;
    pass(steps === pausesAt ? LEASE_MS + 1000 : STEP_MS);
    await Promise.resolve();
    if (diesAt === undefined || steps < diesAt) return effect();
    if (steps === diesAt && !diesBefore) await effect().catch(() => undefined);
    die('dead');
    return never;
  }
  return { step, death };
}

async function play({ people, staleEvery, shards, pageSize, concurrency, calls }: Run): Promise<void> {
  let now = 1_000_000_000_000;
  const store = memoryStore();
  const ids = await fillRoom(store, 'room', people);
  const isStale = (id: string): boolean => Number(id.slice(1)) % staleEvery === 1;
  const gateway = scriptedTransport((id) => (isStale(id) ? 'CONNECTION_STALE' : 'ok'));
  const queue = memoryQueue();
  const everSent: { readonly body: string }[] = [];
  /** What the trigger may deliver, and from when on. */
  const messages: { readonly body: string; readonly from: number }[] = [];

  function instance(life: Life): { broadcaster: Broadcaster; death: Promise<'dead'> } {
    const { step, death } = mortal(life, (ms) => {
      now += ms;
    });
    const records = store.records;
    const ownStore: ConnectionStore = {
      ...store,
      list: (...args) => step(() => store.list(...args)),
      remove: (...args) => step(() => store.remove(...args)),
      records: {
        read: (...args) => step(() => records.read(...args)),
        write: (...args) => step(() => records.write(...args)),
        remove: (...args) => step(() => records.remove(...args)),
      },
    };
    const ownQueue: MessageQueue = { ...queue, send: (...args) => step(() => queue.send(...args)) };
    const broadcaster = createBroadcaster({
      store: ownStore,
      broadcast: {
        concurrency,
        minDelayMs: 0,
        maxDelayMs: 0,
        fanout: queueFanout({
          queue: ownQueue,
          now: () => now,
          leaseMs: LEASE_MS,
          reserveMs: 100,
          pageSize,
          keepMs: 1e9,
        }),
      },
      transport: { ...gateway, send: (...args) => step(() => gateway.send(...args)) },
    });
    return { broadcaster, death };
  }

  function receive(): void {
    for (const { body, delaySeconds = 0 } of queue.waiting) {
      messages.push({ body, from: now + delaySeconds * 1000 });
      everSent.push({ body });
    }
    queue.take(queue.waiting.length);
  }

  async function deliver({ pick, isDuplicate, timeMs, ...life }: Omit<Call, 'isBeside'>): Promise<void> {
    receive();
    if (messages.length === 0) return;
    now = Math.max(now, Math.min(...messages.map(({ from }) => from)));
    const ready = messages.filter(({ from }) => from <= now);
    const message = ready[pick % ready.length];
    if (message === undefined) return;
    messages.splice(messages.indexOf(message), 1);
    if (isDuplicate) messages.push(message);
    const { broadcaster, death } = instance(life);
    const endsAt = now + (timeMs ?? Infinity);
    const call = broadcaster.during({ getRemainingTimeInMillis: () => endsAt - now });
    const outcome = await Promise.race([
      call.work(queue.eventOf([message])).then(() => 'done' as const),
      death,
    ]);
    // What was not done comes again when its visibility is over.
    if (outcome === 'dead') messages.push({ body: message.body, from: now + 500 });
  }

  const survivor = { pausesAt: undefined, diesAt: undefined, diesBefore: false };
  const { broadcaster } = instance(survivor);
  const { id } = await broadcaster.to('room').dispatch('x', 1, { shards });
  const underWay: Promise<void>[] = [];
  for (const { isBeside, ...one } of calls) {
    underWay.push(deliver(one));
    if (!isBeside) await Promise.all(underWay.splice(0));
  }
  await Promise.all(underWay);
  receive();
  for (let rounds = 0; messages.length > 0; rounds++) {
    if (rounds > 500) throw new Error('the queue does not become empty');
    await deliver({ pick: rounds, isDuplicate: false, timeMs: undefined, ...survivor });
    receive();
  }

  const live = ids.filter((one) => !isStale(one));
  expect([...gateway.received.keys()].sort()).toEqual(live);
  const texts = new Set([...gateway.received.values()].flat());
  expect(texts.size).toBeLessThanOrEqual(1);
  const status = await broadcaster.status(id);
  expect(status).toMatchObject({
    state: 'done',
    settled: true,
    complete: true,
    failed: 0,
    skipped: 0,
    recipients: people,
    delivered: live.length,
    stale: people - live.length,
  });
  const copies = [...gateway.received.values()].reduce((sum, { length }) => sum + length - 1, 0);
  expect(copies).toBeLessThanOrEqual((status?.restarts ?? 0) * pageSize);
  const isQuiet = calls.every(({ diesAt, pausesAt }) => diesAt === undefined && pausesAt === undefined);
  if (isQuiet) expect(status?.restarts).toBe(0);

  const before = [...gateway.attempts.values()].reduce((sum, attempts) => sum + attempts, 0);
  await instance(survivor).broadcaster.work(queue.eventOf(everSent));
  expect([...gateway.attempts.values()].reduce((sum, attempts) => sum + attempts, 0)).toBe(before);
}

it('brings the message to everybody, whatever happens to workers and jobs', async () => {
  await fc.assert(fc.asyncProperty(run, play), { numRuns: RUNS });
});
