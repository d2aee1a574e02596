/** Broadcasts over real sockets, to gateways that have a bad day and within calls that end too early. */
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createBroadcaster,
  type Broadcaster,
  type BroadcastSettings,
  type ConnectionStore,
  type DeliveryReport,
  type Transport,
} from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { grpcTransport } from 'yc-broadcast/transports/grpc';
import { restTransport } from 'yc-broadcast/transports/rest';
import { fillRoom, storedConnection } from '../support/people.js';
import { createStorm, type Fate, type Storm, type StormOptions } from '../support/storm.js';
import { sent } from '../support/sent.js';
import {
  grpcStormGateway,
  restStormGateway,
  type StormGateway,
  type StormGatewayKind,
} from '../support/storm-gateways.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Wire {
  readonly name: string;
  readonly gateway: StormGatewayKind;
  readonly transport: (options: { endpoint: string; token: string }) => Transport;
  /** Sends under way at once in a slow broadcast. REST opens a connection for each. */
  readonly width: number;
}

const GRPC: Wire = { name: 'gRPC', gateway: grpcStormGateway, transport: grpcTransport, width: 100 };
const REST: Wire = { name: 'REST', gateway: restStormGateway, transport: restTransport, width: 20 };

interface World {
  readonly storm: Storm;
  readonly gateway: StormGateway;
  readonly store: ConnectionStore;
  readonly ids: readonly string[];
  /** A broadcaster of its own each time, as another instance of the function would have. */
  broadcaster(settings?: BroadcastSettings): Broadcaster;
}

async function worldOf(wire: Wire, count: number, weather: StormOptions): Promise<World> {
  const storm = createStorm(weather);
  const gateway = await wire.gateway(storm);
  cleanups.push(gateway.close);
  const store = memoryStore();
  const ids = await fillRoom(store, 'room', count);
  return {
    storm,
    gateway,
    store,
    ids,
    broadcaster(settings) {
      const transport = wire.transport({ endpoint: gateway.endpoint, token: 't1.token' });
      cleanups.push(transport.close);
      return createBroadcaster({ store, transport, broadcast: settings });
    },
  };
}

async function idsIn(store: ConnectionStore): Promise<string[]> {
  const { connections } = await store.list({ room: 'room' }, { limit: 100_000 });
  return connections.map(({ id }) => id).sort();
}

/** What a report has to say, going by what the gateway has seen. */
function reportOf({ storm, ids }: World) {
  const last: Record<Fate, number> = {
    delivered: 0,
    unknown: 0,
    unavailable: 0,
    lost: 0,
    deliveredButLost: 0,
  };
  for (const fates of storm.fates.values()) last[fates.at(-1) ?? 'lost']++;
  const [text = ''] = storm.texts;
  const withoutAnswer = last.lost + last.deliveredButLost;
  return {
    recipients: ids.length,
    delivered: last.delivered,
    stale: last.unknown,
    removed: last.unknown,
    failed: last.unavailable + withoutAnswer,
    skipped: 0,
    codes: {
      ...(last.unavailable === 0 ? {} : { GATEWAY_UNAVAILABLE: last.unavailable }),
      ...(withoutAnswer === 0 ? {} : { NO_ANSWER: withoutAnswer }),
    },
    attempts: storm.requests(),
    retries: storm.requests() - ids.length,
    bytes: last.delivered * Buffer.byteLength(text),
    complete: true,
    stoppedBy: 'done',
  };
}

/** Every copy is the same message, with the report's id. */
function expectOneMessage({ storm }: World, report: DeliveryReport): void {
  expect([...storm.texts].map((text) => JSON.parse(text) as unknown)).toEqual([
    { type: 'news', data: { n: 1 }, id: report.id, room: 'room' },
  ]);
}

/**
 * Everybody whom the gateway knows has the message, the others are gone from the store, and nobody else is.
 */
async function expectNobodyForgotten({ storm, store, ids }: World): Promise<void> {
  const live = ids.filter((id) => !storm.isGone(id));
  expect(live.length).toBeLessThan(ids.length);
  expect(live.filter((id) => storm.copies(id) === 0)).toEqual([]);
  expect(await idsIn(store)).toEqual(live);
}

const STORM = { unavailable: 0.3, lost: 0.05, gone: 0.02, latencyMs: [0, 20] as const };

/** So many attempts that nobody is given up, and time-outs that only a broken client would reach. */
const PERSISTENT = { retries: 30, minDelayMs: 1, maxDelayMs: 4, timeoutMs: 30_000 };

describe('in a storm', () => {
  // The window starts wide: at this rate of refusals the pacer soon narrows it to a handful, as it should.
  it.each([
    { wire: GRPC, seed: 1, count: 20_000, concurrency: 4000 },
    { wire: GRPC, seed: 2, count: 20_000, concurrency: 4000 },
    { wire: GRPC, seed: 3, count: 20_000, concurrency: 4000 },
    { wire: REST, seed: 4, count: 2000, concurrency: 100 },
  ])(
    'reaches everybody over $wire.name and reports what the gateway saw, seed $seed',
    async ({ wire, seed, count, concurrency }) => {
      const world = await worldOf(wire, count, { ...STORM, seed });
      const broadcaster = world.broadcaster({ ...PERSISTENT, concurrency });
      const report = await broadcaster.to('room').send('news', { n: 1 });
      await expectNobodyForgotten(world);
      expect(report).toMatchObject(reportOf(world));
      expect(sent(report).failed).toBe(0);
      expectOneMessage(world, sent(report));
    },
    // Ten to twenty seconds when nothing else runs.
    300_000,
  );

  it.each([GRPC, REST])('tells over $name the truth about those whom it gives up', async (wire) => {
    const world = await worldOf(wire, 2000, { ...STORM, seed: 5 });
    const broadcaster = world.broadcaster({
      ...PERSISTENT,
      retries: 1,
      concurrency: 1000,
      maxFailures: 1000,
      includeIds: true,
    });
    const report = await broadcaster.to('room').send('news', { n: 1 });
    expect(report).toMatchObject(reportOf(world));
    expect(Object.keys(sent(report).codes).sort()).toEqual(['GATEWAY_UNAVAILABLE', 'NO_ANSWER']);
    const failed = sent(report).failures.map(({ connectionId = '' }) => connectionId);
    const isUnanswered = (id: string): boolean => {
      const last = world.storm.fates.get(id)?.at(-1);
      return last !== 'delivered' && last !== 'unknown';
    };
    expect(failed.sort()).toEqual(world.ids.filter(isUnanswered));
    const reached = failed.filter((id) => world.storm.copies(id) > 0);
    expect(reached.length).toBeGreaterThan(0);
    expect(reached.filter((id) => !world.storm.fates.get(id)?.includes('deliveredButLost'))).toEqual([]);
  });

  it('reaches everybody although all connections break again and again', async () => {
    const cutEvery = 500;
    const concurrency = 1000;
    const world = await worldOf(GRPC, 5000, { ...STORM, cutEvery, seed: 6 });
    const broadcaster = world.broadcaster({ ...PERSISTENT, retries: 100, concurrency });
    const report = await broadcaster.to('room').send('news', { n: 1 });
    await expectNobodyForgotten(world);
    expectOneMessage(world, sent(report));
    const { recipients, delivered, stale, failed, removed } = sent(report);
    const gone = world.ids.filter(world.storm.isGone).length;
    // Some may have been reached, and lost every answer to a cut.
    expect({ recipients, reached: delivered + failed, stale, removed }).toEqual({
      recipients: 5000,
      reached: 5000 - gone,
      stale: gone,
      removed: gone,
    });
    // What a cut loses on its way to the gateway was an attempt all the same.
    const cuts = Math.floor(world.storm.requests() / cutEvery);
    expect(sent(report).attempts).toBeGreaterThanOrEqual(world.storm.requests());
    expect(sent(report).attempts).toBeLessThanOrEqual(world.storm.requests() + cuts * concurrency);
  });
});

/**
 * A gateway that takes its time, so that those under way at the deadline have some too, on a busy machine as
 * well.
 */
const CALM = { latencyMs: [80, 120] as const };

/**
 * Of so many widths, one goes out in a tenth of a second, at best: a deadline within the first second cuts.
 */
const WIDTHS = 10;
const UNHURRIED = { reserveMs: 0, timeoutMs: 30_000 };

/** A broadcast to a calm world that is cut by its deadline, and the world. */
async function cutAfter(wire: Wire, ms: number) {
  const world = await worldOf(wire, WIDTHS * wire.width, { ...CALM, seed: 7 });
  const deadline = Date.now() + ms;
  const broadcaster = world.broadcaster({ ...UNHURRIED, concurrency: wire.width });
  const report = await broadcaster.to('room').send('news', { n: 1 }, { deadline });
  expect(report).toMatchObject({ stoppedBy: 'deadline', complete: false, failed: 0 });
  expect(sent(report).delivered + sent(report).skipped).toBe(sent(report).recipients);
  return { world, report };
}

/** Goes on with a broadcast, from another instance and without a deadline. */
function resume({ broadcaster }: World, { cursor = '' }: DeliveryReport) {
  return broadcaster(UNHURRIED).resume(cursor).send('news', { n: 1 });
}

describe('cut by its deadline and resumed', () => {
  it.each([
    { wire: GRPC, cuts: 10 },
    { wire: REST, cuts: 3 },
  ])('reaches everybody over $wire.name exactly once, cut at $cuts points', async ({ wire, cuts }) => {
    const points = new Set<number>();
    // Only cuts at points of their own count, so a stalled machine makes this longer and not wrong.
    for (let ms = 650; points.size < cuts; ms += 40) {
      const { world, report } = await cutAfter(wire, ms);
      const rest = await resume(world, sent(report));
      expect(rest).toMatchObject({
        complete: true,
        delivered: world.ids.length - sent(report).delivered,
        id: report.id,
      });
      expect(world.ids.filter((id) => world.storm.copies(id) !== 1)).toEqual([]);
      expect(world.storm.requests()).toBe(world.ids.length);
      expectOneMessage(world, sent(report));
      if (sent(report).delivered > 0) points.add(sent(report).delivered);
    }
  });

  it.each([GRPC, REST])('misses and repeats nobody over $name when people come and go', async (wire) => {
    for (const ms of [650, 800]) {
      const { world, report } = await cutAfter(wire, ms);
      const { storm, store, ids } = world;
      const reached = [...storm.fates.keys()].sort();
      const leavers = [
        reached[0],
        reached.at(-1),
        ids[reached.length + 1],
        ids[8 * wire.width],
        ids.at(-1),
      ].map(String);
      await store.remove(leavers);
      await join(store, ['a-first', `${reached.at(-1)}x`, 'p00700x', 'z-last']);
      const resumed = resume(world, sent(report));
      await join(store, ['a-second', 'p00900x', 'z-very-last']);
      expect(await resumed).toMatchObject({ complete: true, failed: 0, stale: 0, id: report.id });
      const stayed = ids.filter((id) => !leavers.includes(id));
      expect(stayed.filter((id) => storm.copies(id) !== 1)).toEqual([]);
      expect([...storm.fates.keys()].filter((id) => storm.copies(id) !== 1)).toEqual([]);
      expect(leavers.map(storm.copies)).toEqual([1, 1, 0, 0, 0]);
      expect(['a-first', 'z-last'].map(storm.copies)).toEqual([0, 1]);
    }
  });
});

async function join(store: ConnectionStore, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await store.put(storedConnection(id));
    await store.join(id, 'room');
  }
}
