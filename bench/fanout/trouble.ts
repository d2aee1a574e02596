import { setTimeout as wait } from 'node:timers/promises';
import type { BroadcastStatus } from 'yc-broadcast';
import { messageQueue } from 'yc-broadcast/queue/client';
import type { FanoutWorld } from './world.js';

/**
 * What became of a broadcast in a world where things go wrong, by the workers' account and by the gateway's.
 */
export interface TroubledBroadcast {
  readonly status: BroadcastStatus;
  /** Live connections that were sent the message, and those that were sent it more than once. */
  readonly reached: number;
  readonly repeated: number;
  readonly most: number;
  /** Connections that are left in the store. */
  readonly left: number;
  readonly kills: number;
  /** Deliveries of a job that had been delivered before. */
  readonly duplicates: number;
  readonly deadLetters: number;
  readonly seconds: number;
}

/** So many of them have the message when the worker is killed, and when it is killed again. */
const KILL_AT = [0.2, 0.5] as const;

/**
 * A broadcast to everybody in the world, with a job among its jobs that nobody can do, and an instance that
 * is killed twice while it is going through a shard. Jobs come twice if the world's faults say so.
 */
export async function broadcastInTrouble(world: FanoutWorld, shards: number): Promise<TroubledBroadcast> {
  const { broadcaster, emulator, gateway, store, ids } = world;
  const poison = messageQueue(emulator.queue('jobs').access);
  const startedAt = performance.now();
  await poison.send([{ body: 'not a job' }]);
  poison.close();
  const dispatched = await broadcaster.toAll().dispatch('headline', { title: 'Hello' }, { shards });
  let kills = 0;
  for (const share of KILL_AT) {
    await untilReached(world, share * ids.length);
    while (!killBusyInstance(world)) await wait(2);
    kills++;
  }
  const status = await dispatched.finished();
  const seconds = (performance.now() - startedAt) / 1000;
  const copies = [...gateway.copies.values()];
  return {
    status,
    reached: copies.length,
    repeated: copies.filter((count) => count > 1).length,
    most: Math.max(0, ...copies),
    left: await store.count({ all: true }),
    kills,
    seconds,
    duplicates: emulator.timeline('type:trigger').filter(({ fault }) => fault !== undefined).length,
    deadLetters: emulator.queue('dead').counts().visible,
  };
}

async function untilReached({ gateway }: FanoutWorld, count: number): Promise<void> {
  while (gateway.answered() < count) await wait(2);
}

/**
 * Of those that are at work the one that has worked most: one that is still starting has no shard to lose.
 */
function killBusyInstance({ emulator }: FanoutWorld): boolean {
  const busy = emulator.instances.list().filter(({ state, served }) => state === 'busy' && served > 0);
  const [first] = busy.toSorted((a, b) => b.served - a.served);
  if (first === undefined) return false;
  emulator.instances.kill(first.id);
  return true;
}
