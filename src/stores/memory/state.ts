import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import {
  checkStateChanges,
  checkStateRead,
  MAX_STATE_BYTES,
  MAX_STATE_KEYS,
  stateTooLarge,
  type StateChange,
  type StateStore,
} from '../../model/state.js';
import {
  currentRow,
  EMPTY_HEAD,
  ENDED_ROW_MS,
  isLive,
  shownRow,
  startOfPage,
  statePage,
  type KeptRow,
  type StoredRow,
} from '../../model/state-page.js';

interface KeptState {
  readonly epoch: string;
  version: number;
  /** The newest version among the rows that are forgotten. */
  floor: number;
  bytes: number;
  readonly rows: Map<string, KeptRow>;
}

/** A change sweeps out forgotten rooms when there are this many, or twice as many as the last sweep left. */
const MIN_ROOMS_PER_SWEEP = 1000;

/** The state of rooms in the memory of this process, lost with it. */
export function memoryState(now: () => number): StateStore {
  const rooms = new Map<string, KeptState>();
  let sweepAt = MIN_ROOMS_PER_SWEEP;

  function sweep(): void {
    if (rooms.size < sweepAt) return;
    for (const [room, state] of rooms) {
      forgetEnded(state, now());
      if (state.rows.size === 0) rooms.delete(room);
    }
    sweepAt = Math.max(MIN_ROOMS_PER_SWEEP, 2 * rooms.size);
  }

  return {
    async change(room, changes) {
      checkStateChanges(room, changes);
      const state = rooms.get(room) ?? {
        epoch: randomUUID(),
        version: 0,
        floor: 0,
        bytes: 0,
        rows: new Map(),
      };
      forgetEnded(state, now());
      const refused = changes.flatMap((change) => refusalOf(state, change, now()) ?? []);
      if (refused.length > 0) return { changed: false, rows: refused };
      checkBounds(state, changes);
      sweep();
      rooms.set(room, state);
      for (const change of changes) store(state, change, now());
      return { changed: true, position: { version: state.version, epoch: state.epoch } };
    },
    async read(room, options) {
      checkStateRead(room, options);
      const state = rooms.get(room) ?? { ...EMPTY_HEAD, rows: new Map<string, KeptRow>() };
      const rest = { maxBytes: options.maxBytes, now: now() };
      return statePage(state, startOfPage(state, options.since), state.rows.values(), rest);
    },
    async get(room, map, key) {
      const name = keyOf({ map: checkName(map, 'map'), key: checkName(key, 'key') });
      const row = rooms.get(checkName(room, 'room'))?.rows.get(name);
      return row !== undefined && isLive(row, now()) ? shownRow(row, now()) : undefined;
    },
  };
}

function keyOf({ map, key }: Pick<StateChange, 'map' | 'key'>): string {
  return `${map}\0${key}`;
}

function bytesOf({ map, key, value = '' }: Pick<KeptRow, 'map' | 'key' | 'value'>): number {
  return Buffer.byteLength(map) + Buffer.byteLength(key) + Buffer.byteLength(value);
}

/** The row that refuses the change. */
function refusalOf(
  state: KeptState,
  { map, key, ifVersion }: StateChange,
  now: number,
): StoredRow | undefined {
  if (ifVersion === undefined) return undefined;
  const row = currentRow(state.rows.get(keyOf({ map, key })) ?? { map, key, version: 0 }, now);
  return row.version === ifVersion ? undefined : row;
}

function checkBounds(state: KeptState, changes: readonly StateChange[]): void {
  let { bytes } = state;
  let keys = state.rows.size;
  for (const change of changes) {
    const before = state.rows.get(keyOf(change));
    if (before === undefined) keys++;
    bytes += bytesOf(change) - (before === undefined ? 0 : bytesOf(before));
  }
  // What only shrinks a room is let through, or nobody could ever make room.
  if (keys > MAX_STATE_KEYS && keys > state.rows.size) throw stateTooLarge('keys');
  if (bytes > MAX_STATE_BYTES && bytes > state.bytes) throw stateTooLarge('bytes');
}

function store(state: KeptState, { map, key, value, ttlMs }: StateChange, now: number): void {
  const before = state.rows.get(keyOf({ map, key }));
  const lifeMs = value === undefined ? 0 : ttlMs;
  const endsAt = lifeMs === undefined ? undefined : now + lifeMs;
  const row: KeptRow = { map, key, version: ++state.version, value, endsAt };
  state.rows.set(keyOf(row), row);
  state.bytes += bytesOf(row) - (before === undefined ? 0 : bytesOf(before));
}

function forgetEnded(state: KeptState, now: number): void {
  for (const [name, row] of state.rows) {
    if (row.endsAt === undefined || row.endsAt + ENDED_ROW_MS > now) continue;
    state.rows.delete(name);
    state.bytes -= bytesOf(row);
    state.floor = Math.max(state.floor, row.version);
  }
}
