import type { ConnectionRows } from './connection-rows.js';
import { number, strings, type Item } from './items.js';
import { idIn, isRoomPartition, userPartition } from './keys.js';
import type { Rows } from './rows.js';

/** All copies of a connection at once: those under its user and under its rooms. */
export interface Copies {
  /**
   * Makes all copies show this version. Resolves with whether the one that `partition` should have is lost.
   */
  showEverywhere(row: Item, partition?: string): Promise<boolean>;
  /**
   * Deletes copies that should not be there any more. They stay noted until then, so that a removal finds
   * them.
   */
  forget(row: Item, former: readonly string[]): Promise<void>;
}

export function createCopies(rows: Rows, connections: ConnectionRows): Copies {
  async function forget(row: Item, former: readonly string[]): Promise<void> {
    if (former.length === 0) return;
    await Promise.all(former.map((partition) => rows.drop(partition, row)));
    const values = { ':gone': strings(...former), ':v': row['v'] ?? number(0) };
    await connections.update(idIn(row), 'DELETE r :gone, g :gone', 'v = :v', values);
  }

  return {
    forget,
    async showEverywhere(row, partition) {
      const own = partitionsOf(row);
      const results = await Promise.all(own.current.map((each) => rows.show(each, row)));
      await forget(row, own.former);
      return partition !== undefined && results[own.current.indexOf(partition)] === 'lost';
    },
  };
}

/** Where a connection should have copies, and where it has left a room or belongs to another user now. */
export function partitionsOf({ r, g, u }: Item): { readonly current: string[]; readonly former: string[] } {
  const noted = r?.SS ?? [];
  const left = new Set(g?.SS);
  const user = u?.S === undefined ? undefined : userPartition(u.S);
  const isCurrent = (partition: string): boolean =>
    isRoomPartition(partition) ? !left.has(partition) : partition === user;
  return { current: noted.filter(isCurrent), former: noted.filter((partition) => !isCurrent(partition)) };
}
