import type { Scenario } from './scenario.js';
import { simulate } from './simulate.js';

/** What a broadcast can be waiting for. */
export type Limit =
  'packets' | 'CPU' | 'window' | 'instances' | 'shards' | 'store' | 'count' | 'page' | 'queue';

/** Each quota twice as large; or a time half as long. */
const RELAXED: Readonly<Record<Limit, (scenario: Scenario) => Partial<Scenario>>> = {
  shards: ({ fanout }) => ({ fanout: { ...fanout, shards: 2 * fanout.shards } }),
  instances: ({ instances }) => ({ instances: { ...instances, perZone: 2 * instances.perZone } }),
  packets: ({ instances }) => ({
    instances: { ...instances, packetsPerSecond: 2 * instances.packetsPerSecond },
  }),
  CPU: ({ instances }) => ({ instances: { ...instances, cpuMicrosPerSend: instances.cpuMicrosPerSend / 2 } }),
  window: ({ fanout }) => ({ fanout: { ...fanout, window: 2 * fanout.window } }),
  store: ({ store }) => ({
    store: { ...store, unitsPerSecond: 2 * store.unitsPerSecond, savedUnits: 2 * store.savedUnits },
  }),
  count: ({ store }) => ({
    store: {
      ...store,
      countMsPer1000: store.countMsPer1000 / 2,
      countUnitsPer1000: store.countUnitsPer1000 / 2,
    },
  }),
  page: ({ store }) => ({
    store: { ...store, listMsPer1000: store.listMsPer1000 / 2, recordMs: store.recordMs / 2 },
  }),
  queue: ({ queue }) => ({
    queue: { ...queue, sendMs: queue.sendMs / 2, pollMs: [queue.pollMs[0] / 2, queue.pollMs[1] / 2] },
  }),
};

/** Those that help at least so much as the one that helps most are as good as it. */
const AS_GOOD = 0.9;

/** That of which twice as much helps most; of several that help as much, the one that stands first. */
export function limitOf(scenario: Scenario): Limit {
  const { seconds } = simulate(scenario);
  const gains = (Object.keys(RELAXED) as Limit[]).map((limit) => {
    const relaxed = simulate({ ...scenario, ...RELAXED[limit](scenario) });
    return { limit, gain: seconds - relaxed.seconds };
  });
  const most = Math.max(...gains.map(({ gain }) => gain));
  return (gains.find(({ gain }) => gain >= AS_GOOD * most) ?? { limit: 'queue' as const }).limit;
}
