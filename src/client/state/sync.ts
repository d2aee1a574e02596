import { STATE_TYPE, type RoomState, type StatePage } from '../../base/protocol.js';
import { backoffMs } from '../../base/backoff.js';
import { createEmitter, type Emitter, type Stop } from '../base/emitter.js';
import { ROOM_EVENTS } from '../rooms/room-events.js';
import type { RoomPort } from '../rooms/room-port.js';
import { createStateCopy, isFrame, type StateCopy } from './copy.js';
import { createStateWrites, type StateWrites } from './writes.js';

/** A room's state in a page, for all that show some of it. */
export interface StateSync {
  readonly copy: StateCopy;
  readonly writes: StateWrites;
  /** Told by the name of a map of each difference, as `({ key, value, previous })`; by `UPDATED`, when all were told. */
  readonly emitter: Emitter;
  /** Whether the copy was complete at least once. */
  readonly isReady: boolean;
  /** Keeps it up to date until every `Stop` was called. */
  watch(): Stop;
}

/** Event of a {@link StateSync}. Maps have names, so no number is one of them. */
export const UPDATED = 0;

/** Frames overtake each other: this long is waited for a missing one before the server is asked. */
const GAP_PATIENCE_MS = 500;
const MIN_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;
/** A page that has heard nothing for so long asks: who changed the state may have been killed before telling. */
const CHECK_EVERY_MS = 60_000;

const syncs = new WeakMap<RoomPort, StateSync>();

/** All handles of one room have one copy. */
export function syncOf(port: RoomPort): StateSync {
  const sync = syncs.get(port) ?? createStateSync(port);
  syncs.set(port, sync);
  return sync;
}

function createStateSync(port: RoomPort): StateSync {
  const { clock, random, name } = port;
  const emitter = createEmitter();
  const copy = createStateCopy(clock.now, (map, key, previous, next) => {
    emitter.emit(map, { key, value: next?.value, previous: previous?.value });
  });
  const writes = createStateWrites(port, (answer) => {
    tryToHear(answer as Partial<StatePage> | undefined);
  });
  let watchers = 0;
  let isReady = false;
  let failures = 0;
  /** The newest question; answers to others are of another connection, or came too late. */
  let question: object | undefined;
  let stops: Stop[] = [];
  let stopWaiting: Stop = () => undefined;
  let stopExpiry: Stop = () => undefined;

  function askIn(ms: number): void {
    stopWaiting();
    stopWaiting = clock.after(ms, ask);
  }

  /** Asks again before long even if nothing seems to be missing. */
  function rest(): void {
    askIn(CHECK_EVERY_MS * (0.8 + 0.4 * random()));
  }

  function ask(): void {
    const answer = isHidden() ? undefined : port.ask(STATE_TYPE, { rooms: { [name]: copy.position } });
    if (answer === undefined) {
      // The next answer to a join, or the next look, brings it.
      rest();
      return;
    }
    const own = (question = {});
    answer.then(
      (said) => {
        if (own !== question) return;
        const { rooms } = (said ?? {}) as { readonly rooms?: object };
        const page: unknown = new Map(Object.entries(rooms ?? {})).get(name);
        if (isFrame(page as StatePage)) take(page as StatePage);
        else retry();
      },
      () => {
        if (own === question) retry();
      },
    );
  }

  function retry(): void {
    askIn(backoffMs(++failures, MIN_DELAY_MS, MAX_DELAY_MS, random));
  }

  function take(page: StatePage): void {
    failures = 0;
    copy.take(page);
    isReady ||= !page.more;
    if (page.more) ask();
    else rest();
    updated();
  }

  /** A frame says where it begins only when it has several changes. */
  function tryToHear(said: Partial<StatePage> | null | undefined): void {
    const frame: Partial<StatePage> = { after: Number(said?.version) - 1, ...said };
    if (!isFrame(frame)) return;
    if (copy.hear(frame)) askIn(GAP_PATIENCE_MS);
    else rest();
    updated();
  }

  function updated(): void {
    stopExpiry();
    const next = copy.expire();
    if (next < Infinity) stopExpiry = clock.after(next - clock.now(), updated);
    emitter.emit(UPDATED);
  }

  function begin(): void {
    const want = (): { state: StatePage | null } => ({ state: copy.position as StatePage | null });
    port.wants.add(want);
    stops = [
      () => port.wants.delete(want),
      port.on(STATE_TYPE, (_data: unknown, message: Partial<StatePage>) => {
        tryToHear(message);
      }),
      port.on(ROOM_EVENTS.answer, (said: Partial<RoomState> | undefined) => {
        question = undefined;
        if (said === undefined) return;
        if (isFrame(said.state)) take(said.state);
        else ask();
        writes.resume();
      }),
      () => {
        stopWaiting();
        stopExpiry();
      },
    ];
    ask();
  }

  return {
    copy,
    writes,
    emitter,
    get isReady() {
      return isReady;
    },
    watch() {
      let isOver = false;
      if (watchers++ === 0) begin();
      return () => {
        if (isOver) return;
        isOver = true;
        if (--watchers === 0) for (const stop of stops) stop();
      };
    },
  };
}

function isHidden(): boolean {
  return (globalThis as { document?: { readonly hidden?: boolean } }).document?.hidden === true;
}
