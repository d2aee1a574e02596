import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import {
  checkReadLimit,
  type HistoryEntry,
  type HistoryPosition,
  type HistoryRead,
  type HistoryStore,
} from '../../model/store.js';

interface RoomHistory {
  readonly epoch: string;
  /** Until when the numbers are remembered, in Unix milliseconds. */
  keptUntil: number;
  /** Offset of the newest entry that ever was. */
  offset: number;
  /** What is kept, oldest first. */
  entries: KeptEntry[];
}

interface KeptEntry extends HistoryEntry {
  readonly expiresAt: number;
}

/** A new room sweeps out forgotten ones when there are this many, or twice as many as the last sweep left. */
const MIN_ROOMS_PER_SWEEP = 1000;

/** Histories in the memory of this process. They are lost with it, which a new epoch then shows. */
export function memoryHistory(now: () => number): HistoryStore {
  const rooms = new Map<string, RoomHistory>();
  let sweepAt = MIN_ROOMS_PER_SWEEP;

  function historyOf(room: string): RoomHistory {
    const history = rooms.get(checkName(room, 'room'));
    if (history === undefined || history.keptUntil <= now()) return begin(room);
    history.entries = history.entries.slice(firstKept(history.entries, now()));
    return history;
  }

  function begin(room: string): RoomHistory {
    sweep();
    const history = { epoch: randomUUID(), keptUntil: now() + CONNECTION_TTL_MS, offset: 0, entries: [] };
    rooms.set(room, history);
    return history;
  }

  function sweep(): void {
    if (rooms.size < sweepAt) return;
    for (const [room, { keptUntil }] of rooms) if (keptUntil <= now()) rooms.delete(room);
    sweepAt = Math.max(MIN_ROOMS_PER_SWEEP, 2 * rooms.size);
  }

  return {
    async append(room, data, { maxEntries, maxAgeMs }) {
      const history = historyOf(room);
      const at = now();
      history.entries.push({ offset: ++history.offset, data, at, expiresAt: at + maxAgeMs });
      history.entries.splice(0, history.entries.length - maxEntries);
      history.keptUntil = at + maxAgeMs + CONNECTION_TTL_MS;
      return { offset: history.offset, epoch: history.epoch };
    },
    async read(room, { since, limit }) {
      checkReadLimit(limit);
      return since === undefined ? newest(historyOf(room), limit) : following(historyOf(room), since, limit);
    },
  };
}

function firstKept(entries: readonly KeptEntry[], now: number): number {
  const index = entries.findIndex(({ expiresAt }) => expiresAt > now);
  return index === -1 ? entries.length : index;
}

function newest(history: RoomHistory, limit: number): HistoryRead {
  return {
    recovered: true,
    entries: history.entries.slice(Math.max(0, history.entries.length - limit)).map(shown),
    position: positionOf(history),
    more: false,
  };
}

function following(history: RoomHistory, since: HistoryPosition, limit: number): HistoryRead {
  const position = positionOf(history);
  const oldest = history.entries[0]?.offset ?? history.offset + 1;
  const isKnown =
    since.epoch === history.epoch && since.offset <= history.offset && since.offset + 1 >= oldest;
  if (!isKnown) return { recovered: false, entries: [], position, more: false };
  const rest = history.entries.slice(since.offset + 1 - oldest);
  return { recovered: true, entries: rest.slice(0, limit).map(shown), position, more: rest.length > limit };
}

function positionOf({ offset, epoch }: RoomHistory): HistoryPosition {
  return { offset, epoch };
}

function shown({ offset, data, at }: KeptEntry): HistoryEntry {
  return { offset, data, at };
}
