/**
 * A gateway's bad day: what becomes of each request, and a record of it that a report can be held against.
 */
import { createRandom, seedOf } from './random.js';

/**
 * What the gateway does with a request that it has received: `lost` breaks off without an answer and without
 * having delivered, `deliveredButLost` after having delivered.
 */
export type Fate = 'delivered' | 'unknown' | 'unavailable' | 'lost' | 'deliveredButLost';

export interface StormOptions {
  readonly seed: number;
  /** Shares of the requests, from 0 to 1. @default 0 */
  readonly unavailable?: number;
  /** Half of them after the message was delivered. @default 0 */
  readonly lost?: number;
  /** Share of the connections that the gateway does not know. @default 0 */
  readonly gone?: number;
  /** All connections to the gateway break whenever so many requests have come. @default Infinity */
  readonly cutEvery?: number;
  /** Shortest and longest time to an answer, in milliseconds. */
  readonly latencyMs: readonly [least: number, most: number];
}

export interface Verdict {
  readonly fate: Fate;
  readonly latencyMs: number;
  /** Whether all connections break now. */
  readonly cuts: boolean;
}

export interface Storm {
  isGone(connectionId: string): boolean;
  /** A request has arrived, with this text for this connection. */
  receive(connectionId: string, text: string): Verdict;
  /** What became of the requests for each connection, in order. */
  readonly fates: ReadonlyMap<string, readonly Fate[]>;
  /** The texts that were received, each once. */
  readonly texts: ReadonlySet<string>;
  /** Requests received. */
  requests(): number;
  /** How many copies of the message a connection got. */
  copies(connectionId: string): number;
}

/**
 * Whatever happens depends on the seed, the connection and the number of its attempt, not on what came in
 * between.
 */
export function createStorm(options: StormOptions): Storm {
  const { seed, unavailable = 0, lost = 0, gone = 0, cutEvery = Infinity, latencyMs } = options;
  const fates = new Map<string, Fate[]>();
  const texts = new Set<string>();
  const [least, most] = latencyMs;
  let requests = 0;

  const isGone = (connectionId: string): boolean => createRandom(seedOf(`${seed}/${connectionId}`))() < gone;

  function fateOf(connectionId: string, random: () => number): Fate {
    const luck = random();
    const isKnown = !isGone(connectionId);
    if (luck < unavailable) return 'unavailable';
    if (luck < unavailable + lost) return isKnown && random() < 0.5 ? 'deliveredButLost' : 'lost';
    return isKnown ? 'delivered' : 'unknown';
  }

  return {
    isGone,
    receive(connectionId, text) {
      const past = fates.get(connectionId) ?? [];
      const random = createRandom(seedOf(`${seed}/${connectionId}/${past.length}`));
      const fate = fateOf(connectionId, random);
      fates.set(connectionId, [...past, fate]);
      texts.add(text);
      requests++;
      return { fate, latencyMs: least + random() * (most - least), cuts: requests % cutEvery === 0 };
    },
    fates,
    texts,
    requests: () => requests,
    copies: (connectionId) =>
      (fates.get(connectionId) ?? []).filter((fate) => fate === 'delivered' || fate === 'deliveredButLost')
        .length,
  };
}
