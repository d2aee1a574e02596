/**
 * The model of a broadcast through the queue has the properties of what it stands for, and its figures are
 * those recorded.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { withScale } from '../../bench/figures.js';
import { createChance } from '../../bench/simulation/chance.js';
import { createSimulation, type Process } from '../../bench/simulation/clock.js';
import { limitOf } from '../../bench/simulation/limit.js';
import type { Summary } from '../../bench/results.js';
import { questions, usual } from '../../bench/simulation/questions.js';
import type { Scenario } from '../../bench/simulation/scenario.js';
import { simulate } from '../../bench/simulation/simulate.js';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 25);
const FREE = { sendMs: 0, pollMs: [0, 0], batchSize: 1, cutoffMs: 0 } as const;
const NO_STORE = {
  unitsPerSecond: Infinity,
  savedUnits: 0,
  listUnitsPer1000: 0,
  countUnitsPer1000: 0,
  writeUnits: 0,
  readUnits: 0,
  removalUnits: 0,
  listMsPer1000: 0,
  countMsPer1000: 0,
  recordMs: 0,
};

/** One instance, one shard, one page, and nothing in the way but sends of 10 ms. */
const BARE: Scenario = {
  recipients: 1000,
  staleShare: 0,
  seed: 1,
  gateway: { medianMs: 10, p99Ms: 10 },
  fanout: { shards: 1, pageSize: 1000, window: 1000, reserveMs: 0 },
  instances: {
    zones: 1,
    perZone: 1,
    packetsPerSecond: Infinity,
    packetsPerSend: 1,
    cpuShare: 1,
    cpuMicrosPerSend: 0,
    savedMs: 0,
    coldMs: 0,
    callMs: 600_000,
  },
  store: NO_STORE,
  queue: FREE,
};

type Part = 'fanout' | 'instances' | 'store' | 'queue';
function but(base: Scenario, part: Part, changes: object): Scenario {
  return { ...base, [part]: { ...base[part], ...changes } };
}

/** Within a thousandth: the first send of all takes its share as well. */
function expectSeconds(scenario: Scenario, seconds: number): void {
  expect(Math.abs(simulate(scenario).seconds / seconds - 1)).toBeLessThan(0.001);
}

describe('what can be worked out by hand', () => {
  it('is one latency when nothing else takes time', () => {
    expect(simulate(BARE)).toMatchObject({ seconds: 0.01, firstSeconds: 0.01, sends: 1000, calls: 1 });
  });

  it.each([
    ['the window: 1,000 in ten times 100', but(BARE, 'fanout', { window: 100 }), 0.1],
    ['packets: 999 waits of 2.5 ms', but(BARE, 'instances', { packetsPerSecond: 400 }), 2.5075],
    [
      'CPU: 100 µs of a tenth of a core',
      but(BARE, 'instances', { cpuMicrosPerSend: 100, cpuShare: 0.1 }),
      1.01,
    ],
    [
      'packets, 500 ms of which are saved',
      but(BARE, 'instances', { packetsPerSecond: 400, savedMs: 500 }),
      2.0075,
    ],
    ['a cold start', but(BARE, 'instances', { coldMs: 990 }), 1],
    ['ten pages with a record of 5 ms each', pages(5), 15 * 0.005 + 10 * 0.01],
    ['the store: 2,000 units at 100 a second, 500 saved', rationed(), 15.01],
    ['the way through the queue', but(BARE, 'queue', { sendMs: 40, pollMs: [950, 950] }), 1],
    ['a batch that waits to become full', but(BARE, 'queue', { batchSize: 10, cutoffMs: 990 }), 1],
  ])('follows %s', (_what, scenario, seconds) => {
    expectSeconds(scenario, seconds);
  });

  function pages(recordMs: number): Scenario {
    // Two of the dispatch, three of the claim, one behind each page before the last, one that tells how far
    // it is.
    const store = { ...NO_STORE, recordMs };
    return { ...but(BARE, 'fanout', { pageSize: 100 }), store };
  }

  function rationed(): Scenario {
    return { ...BARE, store: { ...NO_STORE, listUnitsPer1000: 2000, unitsPerSecond: 100, savedUnits: 500 } };
  }

  it('shares shards among instances', () => {
    const slow = { ...but(BARE, 'instances', { packetsPerSecond: 100, perZone: 4 }), recipients: 8000 };
    const seconds = [1, 2, 4, 8].map((shards) => simulate(but(slow, 'fanout', { shards })).seconds);
    expect(seconds.map(Math.round)).toEqual([80, 40, 20, 20].map((each) => expect.closeTo(each, -0.7)));
  });

  it('passes a shard on when the time of a call is over, and sends nothing twice', () => {
    const brief = but(but(BARE, 'instances', { packetsPerSecond: 100, callMs: 3000 }), 'fanout', {
      pageSize: 100,
    });
    expect(simulate(brief)).toMatchObject({ sends: 1000, calls: 4, passedOn: 3 });
  });

  it('counts the units of the store, those of stale connections too', () => {
    const store = { ...NO_STORE, listUnitsPer1000: 20, countUnitsPer1000: 10, writeUnits: 2, readUnits: 1 };
    const scenario = { ...BARE, store: { ...store, removalUnits: 6 }, staleShare: 0.1 };
    // Count, list; dispatch 1 + 1; claim 2 + 1; the page 1 + 1, told 0 + 1; the end 1 + 2.
    expect(simulate(scenario).storeUnits).toBeCloseTo(30 + 5 * 1 + 6 * 2 + 600);
  });
});

describe('whatever the scenario', () => {
  const scenarios = fc.record({
    seed: fc.nat(1000),
    recipients: fc.integer({ min: 1, max: 8000 }),
    shards: fc.constantFrom(1, 4, 16, 64),
    perZone: fc.integer({ min: 1, max: 8 }),
    window: fc.integer({ min: 1, max: 200 }),
    packetsPerSecond: fc.integer({ min: 50, max: 20_000 }),
    pageSize: fc.constantFrom(100, 1000),
    unitsPerSecond: fc.constantFrom(10, 100, 1000),
    callMs: fc.constantFrom(5000, 600_000),
  });

  function scenarioOf(drawn: typeof scenarios extends fc.Arbitrary<infer T> ? T : never): Scenario {
    const base = usual(30);
    const { seed, recipients, shards, perZone, window, packetsPerSecond, pageSize, unitsPerSecond, callMs } =
      drawn;
    return {
      ...base,
      seed,
      recipients,
      gateway: { medianMs: 20, p99Ms: 20 },
      fanout: { ...base.fanout, shards, window, pageSize },
      // Where units are rare, a short call may get nothing done at all.
      instances: {
        ...base.instances,
        perZone,
        packetsPerSecond,
        callMs: unitsPerSecond < 1000 ? 600_000 : callMs,
      },
      store: { ...base.store, unitsPerSecond, savedUnits: unitsPerSecond },
      queue: { ...base.queue, pollMs: [500, 500] },
    };
  }

  it('reaches everybody once, and is the same again', () => {
    fc.assert(
      fc.property(scenarios, (drawn) => {
        const scenario = scenarioOf(drawn);
        const outcome = simulate(scenario);
        expect(outcome.sends).toBe(scenario.recipients);
        expect(outcome.calls).toBe(scenario.fanout.shards + outcome.passedOn);
        expect(outcome.instances).toBeLessThanOrEqual(scenario.instances.perZone);
        expect(simulate(scenario)).toEqual(outcome);
      }),
      { numRuns: RUNS },
    );
  });

  it.each<[string, (scenario: Scenario) => Scenario]>([
    ['packets', (s) => but(s, 'instances', { packetsPerSecond: 2 * s.instances.packetsPerSecond })],
    ['CPU', (s) => but(s, 'instances', { cpuShare: 2 * s.instances.cpuShare })],
    ['window', (s) => but(s, 'fanout', { window: 2 * s.fanout.window })],
    ['instances', (s) => but(s, 'instances', { perZone: 2 * s.instances.perZone })],
    ['units', (s) => but(s, 'store', { unitsPerSecond: 2 * s.store.unitsPerSecond })],
    ['faster queue', (s) => but(s, 'queue', { pollMs: [0, 0] })],
  ])('takes no longer with more %s', (what, relax) => {
    fc.assert(
      fc.property(scenarios, (drawn) => {
        const rationed = scenarioOf(drawn);
        // Where units are rare, instances take them from one another: more of those need not help.
        const scenario = what === 'units' ? rationed : but(rationed, 'store', { unitsPerSecond: Infinity });
        const [before, after] = [simulate(scenario), simulate(relax(scenario))];
        // Jobs that are passed on come in another order; that may cost a little.
        expect(after.seconds).toBeLessThanOrEqual(before.seconds * 1.02 + 0.05);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('the limit', () => {
  const many = { ...BARE, recipients: 8000 };
  it.each<[string, Scenario]>([
    ['packets', but(many, 'instances', { packetsPerSecond: 1000 })],
    ['CPU', but(many, 'instances', { cpuMicrosPerSend: 500 })],
    ['window', but(many, 'fanout', { window: 10 })],
    ['store', { ...many, store: { ...NO_STORE, listUnitsPer1000: 1000, unitsPerSecond: 100 } }],
    ['count', { ...many, store: { ...NO_STORE, countMsPer1000: 1000 } }],
    ['page', { ...many, store: { ...NO_STORE, listMsPer1000: 500 } }],
    ['queue', but(many, 'queue', { pollMs: [5000, 5000] })],
    ['shards', but(but(many, 'instances', { packetsPerSecond: 1000, perZone: 4 }), 'fanout', { shards: 2 })],
    [
      'instances',
      but(but(many, 'instances', { packetsPerSecond: 1000, perZone: 2 }), 'fanout', { shards: 8 }),
    ],
  ])('is named: %s', (limit, scenario) => {
    expect(limitOf(scenario)).toBe(limit);
  });
});

describe('docs/scale.md', () => {
  const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const recorded = JSON.parse(textOf('../../bench/results/summary.json')) as Summary;

  it('says what was recorded, and nothing else', () => {
    const page = textOf('../../docs/scale.md');
    expect(withScale(page, recorded)).toBe(page);
    expect(withScale(page, {})).not.toContain('one zone');
  });

  it('says what the model says', () => {
    const { cpuMicrosPerSend = NaN, rows = [] } = recorded.simulate ?? {};
    const asked = questions(cpuMicrosPerSend);
    expect(rows.map(({ name }) => name)).toEqual(asked.map(({ name }) => name));
    // One of them, since each is a million sends.
    const { scenario } = asked[3] ?? { scenario: BARE };
    expect(simulate(scenario).seconds / (rows[3]?.seconds ?? NaN)).toBeCloseTo(1, 3);
  });
});

describe('chance', () => {
  it('has the latencies that it is told', () => {
    const chance = createChance(7);
    const drawn = Array.from({ length: 20_000 }, () => chance.latencyMs({ medianMs: 10, p99Ms: 80 }));
    drawn.sort((a, b) => a - b);
    expect(drawn[10_000]).toBeCloseTo(10, 0);
    expect(Math.abs((drawn[19_800] ?? 0) / 80 - 1)).toBeLessThan(0.15);
  });
});

describe('simulated time', () => {
  it('passes in order, and what is at one time happens in the order in which it was planned', () => {
    const simulation = createSimulation();
    const seen: string[] = [];
    function* process(name: string, ...pauses: number[]): Process {
      for (const pause of pauses) {
        yield pause;
        seen.push(`${name} ${simulation.now()}`);
      }
    }
    simulation.start(process('a', 3, 3));
    simulation.start(process('b', 1, 5));
    simulation.run();
    expect(seen).toEqual(['b 1', 'a 3', 'b 6', 'a 6']);
  });
});
