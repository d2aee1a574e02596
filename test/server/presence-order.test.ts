/**
 * Instances whose clocks differ, at once, behind a gateway that turns messages round: every page ends up
 * right.
 */
import { expect, it } from '@jest/globals';
import { presence, type ConnectionStore } from 'yc-broadcast';
import type { HistoryStore } from 'yc-broadcast/stores';
import type { Presence } from 'yc-broadcast/client';
import { watchPresence } from 'yc-broadcast/client/presence';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { handClock, framesOf, protocolApp } from '../support/protocol.js';
import { createRandom } from '../support/random.js';

const RUNS = Number(process.env.YC_BROADCAST_PRESENCE_RUNS ?? 100);
const ROOM = 'lobby';
/** Stays, and is told of the others. */
const WATCHER = 'w1';
const USERS = ['ann', 'bob', 'cat', 'dan', 'eve'];

/** Most calls are quick and some are slow, so that instances overtake each other at every step. */
function slow(store: ConnectionStore, random: () => number): ConnectionStore {
  const slowly =
    <A extends unknown[], R>(work: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      for (let turns = 60 * random() ** 6; turns > 1; turns--)
        await new Promise((resolve) => setImmediate(resolve));
      return work(...given);
    };
  const { append, read } = store.history as HistoryStore;
  return {
    ...store,
    list: slowly(store.list),
    join: slowly(store.join),
    leave: slowly(store.leave),
    rooms: slowly(store.rooms),
    history: { append: slowly(append), read: slowly(read) },
  };
}

/** To `$presence`, or to `$join`. */
type Answer = Presence & { readonly presence?: Presence };

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

/** What a page shows in the end that got these, in this order. */
function shownAfter(heard: readonly Presence[]): readonly string[] {
  let hear: (presence: Presence | undefined) => void = () => undefined;
  const room = {
    onPresence(listener: typeof hear) {
      hear = listener;
      return () => undefined;
    },
  };
  const watch = watchPresence(room, { leaveAfterMs: 0 });
  for (const one of heard) hear(one);
  watch.stop();
  return (watch.now.users ?? []).map(({ user }) => user).sort();
}

it(`shows who is in a room in ${RUNS} seeded runs`, async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = createRandom(seed);
    const clock = handClock();
    const store = slow(memoryStore({ now: clock.now }), random);
    const instances = [0, 5000, -60_000].map((aheadMs) =>
      protocolApp({
        rooms: { join: true, presence: presence() },
        store,
        now: () => clock.now() + aheadMs,
      }),
    );
    const any = () => instances[Math.floor(random() * instances.length)] ?? protocolApp();
    const act = async (type: '$join' | '$leave' | '$presence', user: string): Promise<unknown> =>
      any().say({ type, data: { room: ROOM }, id: `${type} ${user} ${random()}` }, `${user}1`);
    for (const user of ['w', ...USERS]) await any().connect(`${user}1`, { user });
    const answers: Presence[] = [];
    const watch = async (round: number): Promise<void> => {
      const answer = (await act(round === 0 ? '$join' : '$presence', 'w')) as { readonly data: Answer };
      answers.push(answer.data.presence ?? answer.data);
    };
    for (let round = 0; round < 3; round++) {
      clock.advance(100);
      // A client waits for the answer to one join or leave before it sends the next.
      const changes = USERS.map((user) => act(random() < 0.5 ? '$join' : '$leave', user));
      await Promise.all([watch(round), ...changes]);
    }
    const told = instances
      .flatMap(({ transport }) => framesOf(transport, WATCHER))
      .map((frame) => frame as { readonly type: string; readonly data: Presence })
      .filter(({ type }) => type === '$presence')
      .map(({ data }) => data);
    const { connections } = await store.list({ room: ROOM }, { limit: 100 });
    const there = connections.map(({ user }) => user).sort();
    const heard = shuffled([...answers, ...told], random);
    expect({ seed, shown: shownAfter(heard) }).toEqual({ seed, shown: there });
  }
});
