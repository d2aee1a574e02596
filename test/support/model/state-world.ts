/**
 * Pages, a gateway that reorders and loses, two instances of the app, and one store: what can happen to a
 * room's state.
 */
import type { App, Transport } from 'yc-broadcast';
import type { StateStore } from '../../../src/model/state.js';
import { connectEvent, disconnectEvent, functionContext, messageEvent } from '../events.js';
import { createFakeClock } from '../fake-clock.js';
import { createSchedule, type Schedule } from './schedule.js';
import { contract, ROOM, type Parts } from './state-parts.js';

type Board = typeof contract;

export type StateAction =
  | {
      readonly do: 'set' | 'delete' | 'update' | 'end' | 'large';
      readonly key: number;
      readonly instance: number;
    }
  | { readonly do: 'write'; readonly key: number; readonly client: number }
  | { readonly do: 'drop' | 'miss' | 'double' | 'mute' | 'rejoin'; readonly client: number }
  | { readonly do: 'rest' | 'sleep' | 'lose' };

/** Far longer than a deleted key is remembered. */
const SLEEP_MS = 10_000_000;
/** How far the clocks of the instances are apart. */
const SKEW_MS = 5000;
const TTL_MS = 7000;
/** A gateway that closes connections so often that pages rotate all the time. */
const LIFETIME_MS = 60_000;
/** A page that has missed the last frame looks within 72 s. */
const ROUNDS = 9;
const MOST_ROUNDS = 1000;
const LARGE = 'x'.repeat(30_000);

interface Line {
  readonly owner: number;
  isOpen: boolean;
  fault: 'miss' | 'double' | 'mute' | undefined;
  bring(text: string): void;
  end(): void;
}

export function createStateWorld(seed: number, clientCount: number, parts: Parts) {
  const schedule = createSchedule(seed);
  const clock = createFakeClock();
  let skewMs = 0;
  let generation = 0;
  const memory = parts.memoryStore({ now: () => clock.now() + skewMs });
  const kept = memory.state as StateStore;
  const room = (): string => `${ROOM}#${generation}`;
  const lines = new Map<string, Line>();
  const pending: Promise<unknown>[] = [];
  let values = 0;

  /** An instance's way to the store: slow, and with a clock of its own. */
  function storeOf(ownSkewMs: number) {
    async function slowly<T>(work: () => Promise<T>): Promise<T> {
      await schedule.pause();
      skewMs = ownSkewMs;
      const result = work();
      skewMs = 0;
      const settled = await result;
      await schedule.pause();
      return settled;
    }
    const state: StateStore = {
      change: (_room, changes) => slowly(() => kept.change(room(), changes)),
      read: (_room, options) => slowly(() => kept.read(room(), options)),
      get: (_room, map, key) => slowly(() => kept.get(room(), map, key)),
    };
    const { join, list, leave } = memory;
    return {
      ...memory,
      join: (id: string, name: string) => slowly(() => join(id, name)),
      leave: (id: string, name: string) => slowly(() => leave(id, name)),
      list: (...given: Parameters<typeof list>) => slowly(() => list(...given)),
      state,
    };
  }

  const transport = createTransport(schedule, lines, parts);
  const apps: readonly App<Board>[] = [0, SKEW_MS].map((ownSkewMs) =>
    parts.createApp<Board>({
      contract,
      store: storeOf(ownSkewMs),
      transport,
      origins: 'any',
      now: clock.now,
      onError: () => undefined,
      broadcast: { retries: 0 },
      rooms: { join: true, state: parts.roomState<Board>({ board: { write: () => true } }) },
    }),
  );
  const appOf = (n: number): App<Board> => apps[n % apps.length] as App<Board>;
  const mapOf = (n: number) => appOf(n).broadcaster.state(ROOM, 'board');

  function socketOf(owner: number) {
    return class {
      onopen: unknown;
      onmessage: unknown;
      onclose: unknown;
      onerror: unknown;
      send: (text: string) => void;
      close: () => void;

      constructor() {
        const id = `c${lines.size}`;
        const connectedAt = clock.now();
        const call = (listener: unknown, event: unknown): void => {
          if (typeof listener === 'function') (listener as (event: unknown) => void)(event);
        };
        const { handler } = appOf(schedule.below(2));
        const line: Line = {
          owner,
          isOpen: true,
          fault: undefined,
          bring: (text) => {
            if (line.isOpen) call(this.onmessage, { data: text });
          },
          end: () => {
            if (!line.isOpen) return;
            this.close();
            call(this.onclose, { code: 1006, reason: '' });
          },
        };
        lines.set(id, line);
        const accepted = handler(connectEvent({ connectionId: id, connectedAt }), functionContext());
        void accepted.then(() => {
          schedule.later(() => {
            if (line.isOpen) call(this.onopen, {});
          });
        });
        this.send = (text) => {
          const event = messageEvent(JSON.parse(text), { connectionId: id, connectedAt });
          const answer = appOf(schedule.below(2)).handler(event, functionContext());
          void answer.then(({ body }) => {
            if (body === undefined) return;
            schedule.later(() => {
              if (line.fault === 'mute') line.fault = undefined;
              else line.bring(withLifetime(body));
            });
          });
        };
        this.close = () => {
          if (!line.isOpen) return;
          line.isOpen = false;
          // A disconnect event may be lost, and one that is not comes when it likes.
          if (schedule.below(3) > 0)
            schedule.later(() => {
              void handler(disconnectEvent({ connectionId: id, connectedAt }), functionContext());
            });
        };
      }
    };
  }

  const pages = Array.from({ length: clientCount }, (_, n) => {
    const client = parts.connect<Board>({
      url: 'wss://gateway.example/ws',
      WebSocket: socketOf(n),
      clock,
      random: () => schedule.below(1000) / 1000,
    });
    client.onError(() => undefined);
    const enter = () => {
      const own = client.join(ROOM);
      return { own, board: parts.watchState(own, 'board') };
    };
    let place = enter();
    return {
      shown: () => Object.fromEntries([...place.board.getSnapshot().entries].sort()),
      isReady: () => place.board.getSnapshot().isReady && !place.board.getSnapshot().isStale,
      write: (key: string, value: string) => place.board.set(key, value),
      rejoin(): void {
        place.board.stop();
        place.own.leave();
        place = enter();
      },
      close: () => {
        client.close();
      },
    };
  });

  const linesOf = (owner: number): Line[] =>
    [...lines.values()].filter((line) => line.owner === owner && line.isOpen);
  const keyOf = (n: number): string => ['a', '__proto__', 'c', 'd', 'e', 'f'][n % 6] ?? 'a';
  const next = (): string => `v${++values}`;
  const begin = (work: Promise<unknown>): void => void pending.push(work.catch(() => undefined));

  async function act(action: StateAction): Promise<void> {
    await schedule.run(schedule.below(8));
    if ('instance' in action) change(action);
    else if (action.do === 'write')
      begin(pages[action.client]?.write(keyOf(action.key), next()) ?? Promise.resolve());
    else if (action.do === 'drop') for (const line of linesOf(action.client)) line.end();
    else if (action.do === 'rejoin') pages[action.client]?.rejoin();
    else if ('client' in action) for (const line of linesOf(action.client)) line.fault = action.do;
    else if (action.do === 'lose') generation++;
    else if (action.do === 'sleep') clock.sleep(SLEEP_MS);
    await clock.advance(action.do === 'rest' ? 9000 : 50);
  }

  function change({ do: what, key: n, instance }: Extract<StateAction, { readonly instance: number }>): void {
    const board = mapOf(instance);
    const key = keyOf(n);
    if (what === 'delete') begin(board.delete(key));
    else if (what === 'update') begin(board.update(key, (value) => (value ?? '').slice(-4) + next()));
    else if (what === 'end') begin(board.set(key, next(), { ttlMs: TTL_MS }));
    else begin(board.set(key, what === 'large' ? next() + LARGE : next()));
  }

  /** Everything under way arrives, and pages that have missed the last frame look. */
  async function settle(): Promise<void> {
    for (const line of lines.values()) line.fault = undefined;
    let unsettled = 1;
    void Promise.all(pending).then(() => unsettled--);
    for (let n = 0; unsettled > 0; n++) {
      if (n === MOST_ROUNDS) throw new Error('a change does not settle');
      await schedule.runAll();
      await clock.advance(200);
      // A server's own pause is one of the machine's clock.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (let n = 0; n < 50 && (n < ROUNDS || !pages.every(({ isReady }) => isReady())); n++) {
      await schedule.runAll();
      await clock.advance(12_000);
    }
    await schedule.runAll();
  }

  /** What the store has. */
  async function stored(): Promise<Record<string, unknown>> {
    const { rows } = await kept.read(room(), { since: null, maxBytes: 10_000_000 });
    const live = rows.flatMap(({ key, value }) =>
      value === undefined ? [] : [[key, JSON.parse(value)] as const],
    );
    return Object.fromEntries([...live].sort());
  }

  return { pages, act, settle, stored };
}

/** The welcome of a gateway that closes connections early. */
function withLifetime(body: string): string {
  return body.replace(/"lifetimeMs":\d+/, `"lifetimeMs":${LIFETIME_MS}`);
}

function createTransport(
  schedule: Schedule,
  lines: ReadonlyMap<string, Line>,
  { BroadcastError }: Parts,
): Transport {
  return {
    name: 'model',
    maxPayloadBytes: 98_304,
    encode: (payload) => ({ bytes: payload.length, wire: payload }),
    async send(connectionId, { wire }) {
      await schedule.pause();
      const line = lines.get(connectionId);
      if (line?.isOpen !== true) throw new BroadcastError('CONNECTION_STALE', 'closed');
      const { fault } = line;
      line.fault = undefined;
      if (fault === 'miss') return;
      for (let copies = fault === 'double' ? 2 : 1; copies > 0; copies--)
        schedule.later(() => {
          line.bring(wire as string);
        });
    },
    get: () => Promise.reject(new BroadcastError('CONNECTION_STALE', 'not modelled')),
    disconnect: async (connectionId) => lines.get(connectionId)?.end(),
    close: () => Promise.resolve(),
  };
}
