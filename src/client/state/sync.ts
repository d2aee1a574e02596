import { STATE_TYPE, type RoomState, type StatePage, type StatePosition } from '../../base/protocol.js';
import { backoffMs } from '../../base/backoff.js';
import { createEmitter, type Emitter, type Stop } from '../base/emitter.js';
import { ROOM_EVENTS } from '../rooms/room-events.js';
import type { RequestError } from '../requests/request-error.js';
import type { RoomPort } from '../rooms/room-port.js';
import { createStateCopy, isFrame, type StateCopy, type StateFrame } from './copy.js';
import { createStateWrites, type StateWrites } from './writes.js';

/** A room's state in a page, for all that show some of it. */
export interface StateSync {
  readonly copy: StateCopy;
  readonly writes: StateWrites;
  /**
   * Told by the name of a map of each difference, as `({ key, value, previous })`; by `UPDATED`, when all
   * were told.
   */
  readonly emitter: Emitter;
  /** Whether the copy was complete at least once. */
  readonly isReady: boolean;
  /** Whether it may be outdated: after a loss or a time when nobody watched, until it is complete again. */
  readonly isStale: boolean;
  /** Keeps it up to date until every `Stop` was called. */
  watch(): Stop;
}

/** Event of a {@link StateSync}. Maps have names, so no number is one of them. */
export const UPDATED = 0;

/** Frames overtake each other: this long is waited for a missing one before the server is asked. */
const GAP_PATIENCE_MS = 500;
const MIN_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;
/**
 * A page that has heard nothing for so long asks: who changed the state may have been killed before telling.
 */
const CHECK_EVERY_MS = 60_000;

const syncs = new WeakMap<RoomPort, StateSync>();

/** All handles of one room have one copy. */
export function syncOf(port: RoomPort): StateSync {
  const sync = syncs.get(port) ?? createStateSync(port);
  syncs.set(port, sync);
  return sync;
}

// Another closure would cost bytes of every page with state, which is over its budget already.
// eslint-disable-next-line house/function-length
function createStateSync(port: RoomPort): StateSync {
  const { clock, random, name } = port;
  const emitter = createEmitter();
  const copy = createStateCopy(clock.now, (map, key, previous, value) => {
    emitter.emit(map, { key, value, previous });
  });
  let watchers = 0;
  let isReady = false;
  /** Nobody has watched for a while. */
  let isBehind = false;
  let failures = 0;
  /** The newest question; answers to others are of another connection, or came too late. */
  let question: object | undefined;
  /** Frames that the next answer to a join makes superfluous. */
  let before: readonly StateFrame[] = [];
  /** A missing frame is waited for. */
  let isGap = false;
  let stops: readonly Stop[] = [];
  let stopWaiting: Stop = () => undefined;
  let stopExpiry: Stop = () => undefined;
  // Whoever does not know what became of its change has perhaps missed it, too: it comes in the answer alone.
  const writes = createStateWrites(port, (answer) => {
    if (answer === undefined) ask();
    else tryToHear(answer);
  });

  function askIn(ms: number, next = ask): void {
    stopWaiting();
    stopWaiting = clock.after(ms, next);
  }

  /** While a question is under way, its answer decides; after a failure, the pause. */
  function rest(): void {
    const isMissing = copy.early.length > 0;
    if (question !== undefined || failures > 0 || (isGap && isMissing)) return;
    isGap = isMissing;
    if (isGap) askIn(GAP_PATIENCE_MS);
    else askIn(CHECK_EVERY_MS * (0.8 + 0.4 * random()), check);
  }

  /** Even if nothing seems to be missing. */
  function check(): void {
    if (isHidden()) rest();
    else ask();
  }

  function ask(): void {
    if (watchers === 0) return;
    isGap = false;
    stopWaiting();
    const { early } = copy;
    const answer = port.ask(STATE_TYPE, { rooms: { [name]: copy.position } });
    // The next answer to a join brings it, or the next look.
    const own = (question = answer && {});
    if (answer === undefined) rest();
    answer?.then(
      (said) => {
        if (own !== question) return;
        const { rooms } = (said ?? {}) as { readonly rooms?: object };
        take(new Map<string, unknown>(Object.entries(rooms ?? {})).get(name), early);
      },
      (error: unknown) => {
        if (own === question) failed(error as RequestError);
      },
    );
  }

  function failed(error?: RequestError): void {
    question = undefined;
    // Rooms of this server hold no state.
    if (error?.code === 'UNKNOWN_TYPE') port.complain(error);
    else askIn(backoffMs(++failures, MIN_DELAY_MS, MAX_DELAY_MS, random));
  }

  function take(page: unknown, known: readonly StateFrame[]): void {
    const { position } = copy;
    question = undefined;
    if (!isFrame(page as Partial<StatePage>) || !copy.take(page as StatePage, known)) {
      failed();
      return;
    }
    const { more } = page as StatePage;
    isReady ||= !more;
    isBehind &&= more;
    if (more && position?.version === copy.position?.version) failed();
    else {
      failures = 0;
      if (more) ask();
      else rest();
    }
    updated();
  }

  /** A frame says where it begins only when it has several changes. */
  function tryToHear(said: unknown): void {
    const given = Object(said) as Partial<StatePage>;
    const frame: Partial<StatePage> = { after: Number(given.version) - 1, ...given };
    if (watchers === 0 || !isFrame(frame)) return;
    copy.hear(frame);
    updated();
    rest();
  }

  function updated(): void {
    stopExpiry();
    const next = copy.expire();
    if (next < Infinity) stopExpiry = clock.after(next - clock.now(), updated);
    if (copy.position === null && isReady && question === undefined && failures === 0) ask();
    emitter.emit(UPDATED);
  }

  function begin(): void {
    const want = (): { state: StatePosition | null } => {
      before = copy.early;
      return { state: copy.position };
    };
    port.wants.add(want);
    stops = [
      () => port.wants.delete(want),
      port.on(STATE_TYPE, (_data: unknown, message: unknown) => {
        tryToHear(message);
      }),
      port.on(ROOM_EVENTS.answer, (said: Partial<RoomState> | undefined) => {
        question = undefined;
        failures = 0;
        if (said?.state !== undefined) take(said.state, before);
        else if (said !== undefined) ask();
        else rest();
      }),
      port.on(ROOM_EVENTS.outcome, (error: unknown) => {
        if (error !== undefined) end();
      }),
    ];
    ask();
    updated();
  }

  function end(): void {
    for (const stop of stops) stop();
    stopWaiting();
    stopExpiry();
    question = undefined;
    isGap = false;
    isBehind = isReady;
  }

  return {
    copy,
    writes,
    emitter,
    get isReady() {
      return isReady;
    },
    get isStale() {
      return isBehind || copy.isStale;
    },
    watch() {
      let isOver = false;
      if (watchers++ === 0) begin();
      return () => {
        if (isOver) return;
        isOver = true;
        if (--watchers === 0) end();
      };
    },
  };
}

function isHidden(): boolean {
  return (globalThis as { document?: { readonly hidden?: boolean } }).document?.hidden === true;
}
