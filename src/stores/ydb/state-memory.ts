import type { StateChange } from '../../model/state.js';
import type { Known, Plan, SizedRow } from './state-change.js';
import { nameOf, type Head } from './state-items.js';

/**
 * What this instance wrote last into rooms, to save reading it before the next change. A head that somebody
 * else has changed costs a transaction in vain: a room in which that happened is read first, until nobody
 * else changes it.
 */
export interface StateMemory {
  /** What is known of the keys, if all of them are. */
  recall(room: string, changes: readonly StateChange[]): Known | undefined;
  remember(room: string, plan: Plan): void;
  /** Somebody else has changed the room. */
  mistrust(room: string): void;
  /** Trusts what is remembered of a room if the head that was read is the same. */
  compare(room: string, head: Head | undefined): void;
}

interface Remembered {
  readonly head: Head;
  readonly rows: Map<string, SizedRow>;
  isTrusted: boolean;
}

const MAX_ROOMS = 100;
const MAX_ROWS = 100;

export function createStateMemory(): StateMemory {
  const rooms = new Map<string, Remembered>();

  return {
    recall(room, changes) {
      const known = rooms.get(room);
      if (known?.isTrusted !== true) return undefined;
      return changes.every((change) => known.rows.has(nameOf(change))) ? known : undefined;
    },
    remember(room, { head, rows: written }) {
      const before = rooms.get(room);
      const first = head.version - written.length;
      const isNext = before?.head.epoch === head.epoch && before.head.version === first;
      const rows = isNext ? before.rows : new Map<string, SizedRow>();
      for (const row of written) {
        rows.delete(nameOf(row));
        // A value is long, and no condition looks at it.
        rows.set(nameOf(row), { ...row, value: row.value === undefined ? undefined : '' });
      }
      trim(rows, MAX_ROWS);
      rooms.delete(room);
      rooms.set(room, { head, rows, isTrusted: before?.isTrusted ?? true });
      trim(rooms, MAX_ROOMS);
    },
    mistrust(room) {
      const known = rooms.get(room);
      if (known !== undefined) known.isTrusted = false;
    },
    compare(room, head) {
      const known = rooms.get(room);
      if (known === undefined || known.isTrusted) return;
      known.isTrusted = head?.epoch === known.head.epoch && head.version === known.head.version;
    },
  };
}

/** Forgets what was remembered first. */
function trim(map: Map<string, unknown>, size: number): void {
  for (const name of map.keys()) {
    if (map.size <= size) return;
    map.delete(name);
  }
}
