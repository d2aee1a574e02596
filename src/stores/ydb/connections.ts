import pLimit from 'p-limit';
import { checkName } from '../../base/names.js';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import type { ConnectionStore } from '../../model/store.js';
import { createConnectionRows } from './connection-rows.js';
import { createCopies, partitionsOf } from './copies.js';
import { deleteAll } from './deletions.js';
import type { DocumentApi } from './document-api.js';
import {
  assigning,
  attributesValue,
  connectionIn,
  deletableFrom,
  fieldsOf,
  number,
  strings,
  text,
  type Item,
} from './items.js';
import {
  isRoomPartition,
  keyOf,
  nameIn,
  needsOwnId,
  roomPartition,
  sortKeyOf,
  userPartition,
} from './keys.js';
import { createRows } from './rows.js';

export type Connections = Pick<
  ConnectionStore,
  'put' | 'get' | 'setAttributes' | 'remove' | 'join' | 'leave' | 'rooms'
>;

/** Tombstones of a batch that are written at once. */
const REMOVALS_AT_ONCE = 16;

const IS_ALIVE = 'e > :now AND attribute_not_exists(x)';

/**
 * Connections, each in a row that is changed by conditional updates only and counts its versions. It is the
 * truth; what listings read of it are copies, see {@link createRows}. Every step may be repeated without
 * harm.
 */
export function createConnections(api: DocumentApi, now: () => number): Connections {
  const rows = createRows(api, now);
  const connections = createConnectionRows(api, now);
  const { read, readAlive, update, change } = connections;
  const { showEverywhere, forget } = createCopies(rows, connections);

  async function isCurrent(id: string, row: Item): Promise<boolean> {
    return (await read(id))?.['v']?.N === row['v']?.N;
  }

  async function entomb(id: string): Promise<Item[]> {
    const { expression, values } = assigning({
      x: { BOOL: true },
      t: deletableFrom(now() + CONNECTION_TTL_MS),
      a: undefined,
      c: undefined,
      e: undefined,
      i: undefined,
      k: undefined,
    });
    // The partitions stay noted: a removal that was cut short is completed by the next one.
    const row = await update(id, `${expression} ADD v :one`, undefined, { ...values, ':one': number(1) });
    return (row?.['r']?.SS ?? []).map((partition) => keyOf(partition, sortKeyOf(id)));
  }

  return {
    async put(connection) {
      const id = checkName(connection.id, 'connection.id');
      const { user } = connection;
      const partition = user === undefined ? undefined : userPartition(checkName(user, 'connection.user'));
      const { expression, values } = assigning({
        ...fieldsOf(connection),
        i: needsOwnId(id) ? text(id) : undefined,
      });
      const added = partition === undefined ? {} : { ':r': strings(partition) };
      for (;;) {
        if (partition !== undefined) await rows.reserve(partition, sortKeyOf(id));
        const row = await change(
          id,
          `${expression} ADD v :one, k :call${partition === undefined ? '' : ', r :r'}`,
          'attribute_not_exists(x)',
          { ...values, ...added, ':one': number(1) },
        );
        if (row === undefined) {
          if (partition !== undefined) await rows.cancel(partition, sortKeyOf(id));
          return 'removed';
        }
        // Another put may have moved it to another user, or a removal have come after it. Both hold.
        const isLost = await showEverywhere(row, partition);
        if (!isLost || !(await isCurrent(id, row))) return 'stored';
      }
    },
    async get(id) {
      const row = await readAlive(id);
      return row === undefined ? undefined : connectionIn(row, id);
    },
    async setAttributes(id, attributes) {
      const { expression, values } = assigning({ a: attributesValue(attributes) });
      const row = await change(checkName(id, 'id'), `${expression} ADD v :one, k :call`, IS_ALIVE, {
        ...values,
        ':one': number(1),
        ':now': number(now()),
      });
      if (row !== undefined) await showEverywhere(row);
      return row !== undefined;
    },
    async remove(ids) {
      for (const id of ids) checkName(id, 'id');
      const limit = pLimit(REMOVALS_AT_ONCE);
      const copies = await Promise.all([...new Set(ids)].map((id) => limit(() => entomb(id))));
      await deleteAll(api, copies.flat());
    },
    async join(id, room) {
      const partition = roomPartition(room);
      const sortKey = sortKeyOf(checkName(id, 'id'));
      const values = { ':r': strings(partition), ':one': number(1) };
      for (;;) {
        await rows.reserve(partition, sortKey);
        const row = await change(id, 'ADD v :one, k :call, r :r DELETE g :r', IS_ALIVE, {
          ...values,
          ':now': number(now()),
        });
        if (row === undefined) {
          await rows.cancel(partition, sortKey);
          return 'absent';
        }
        // A call that was repeated: somebody has left since.
        if (!partitionsOf(row).current.includes(partition)) return 'joined';
        // A leave that began before can delete the row until now: then this join comes after it.
        if ((await rows.show(partition, row)) === 'shown') return 'joined';
      }
    },
    async leave(id, room) {
      const partition = roomPartition(room);
      const values = { ':r': strings(partition), ':one': number(1) };
      const isKnown = 'attribute_exists(v) AND attribute_not_exists(x)';
      const row = await change(checkName(id, 'id'), 'ADD v :one, k :call, g :r', isKnown, values);
      // Unless a join came since, if the call was repeated.
      if (row?.['g']?.SS?.includes(partition) === true) await forget(row, [partition]);
    },
    async rooms(id) {
      const row = await readAlive(id);
      return row === undefined ? [] : partitionsOf(row).current.filter(isRoomPartition).map(nameIn);
    },
  };
}
