import { BroadcastError } from '../../base/errors.js';
import { checkName } from '../../base/names.js';
import type { NumberedMessage } from '../../base/protocol.js';
import type { Contract, ServerTypeOf } from '../../model/contract.js';
import type { SchemaOutput } from '../../model/standard-schema.js';
import { checkReadLimit } from '../../model/store.js';
import type { RoomHistories } from './histories.js';
import { numberedMessage } from './numbered-text.js';

/** A message of a room's history, as clients got it. */
export type RecentMessage<K extends Contract> = {
  readonly [T in ServerTypeOf<K>]: NumberedMessage & {
    readonly type: T;
    readonly data: SchemaOutput<K['server'][T]>;
  };
}[ServerTypeOf<K>];

/**
 * The last messages of a room, the oldest first. Rejects with `INVALID_OPTIONS` in a room that keeps no
 * history.
 */
export async function recentMessages<K extends Contract>(
  histories: RoomHistories,
  room: string,
  count: number,
): Promise<readonly RecentMessage<K>[]> {
  checkName(room, 'recent(room)');
  checkReadLimit(count);
  if (!histories.isKept(room))
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `recent: '${room.slice(0, 64)}' has no history; set rooms.history`,
    );
  const { entries, position } = await histories.read(room, undefined, count);
  const { epoch } = position;
  return entries.map(
    ({ offset, data }) => numberedMessage(data, room, { offset, epoch }) as unknown as RecentMessage<K>,
  );
}
