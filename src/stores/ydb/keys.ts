import { shardOf, type SingleAudience, type Shard } from '../../model/store.js';
import { checkName } from '../../base/names.js';
import { text, type Item } from './items.js';

/** Partition of the connections themselves. */
export const CONNECTIONS = 'c';

const ROOM = 'r:';
const USER = 'u:';
const HISTORY = 'h:';
const RECORD = 'k:';
const STATE = 's:';

/** Sort keys may have 1,024 bytes in DynamoDB; YDB does not say. Three of them, and a character, are ours. */
const LONGEST_PLAIN_ID_BYTES = 1000;

/** Sort keys begin with this many bits of the id's hash. */
const SPREAD = 256;

export function roomPartition(room: string): string {
  return ROOM + checkName(room, 'room');
}

export function userPartition(user: string): string {
  return USER + checkName(user, 'user');
}

export function historyPartition(room: string): string {
  return HISTORY + checkName(room, 'room');
}

export function recordPartition(key: string): string {
  return RECORD + checkName(key, 'key');
}

export function statePartition(room: string): string {
  return STATE + checkName(room, 'room');
}

export function audiencePartition(audience: SingleAudience): string {
  if ('room' in audience) return roomPartition(audience.room);
  return 'user' in audience ? userPartition(audience.user) : CONNECTIONS;
}

export function isRoomPartition(partition: string): boolean {
  return partition.startsWith(ROOM);
}

/** The room or user that a partition is of. */
export function nameIn(partition: string): string {
  return partition.slice(ROOM.length);
}

export function keyOf(partition: string, sortKey: string): Item {
  return { p: text(partition), s: text(sortKey) };
}

/** Whether the sort key of an id does not hold it, so that the row has to. */
export function needsOwnId(id: string): boolean {
  return Buffer.byteLength(id) > LONGEST_PLAIN_ID_BYTES;
}

/**
 * The sort key of a connection: eight bits of its hash in reverse, then the id. So a shard of 2, 4, 8 … 256
 * is one range of keys and is read without the others. An id that is too long is represented by its digest.
 */
export function sortKeyOf(id: string): string {
  const beginning = hex(reversed(shardOf(id, SPREAD)));
  if (!needsOwnId(id)) return `${beginning}.${id}`;
  const { createHash } = process.getBuiltinModule('node:crypto');
  return `${beginning}#${createHash('sha256').update(id).digest('base64url')}`;
}

export function idIn({ s, i }: Item): string {
  return i?.S ?? (s?.S ?? '').slice(3);
}

/** Sort keys from `first` to `last`, both included; nothing when `first` is behind `last`. */
export interface KeyRange {
  readonly first: string;
  readonly last: string;
}

/** The keys of a shard behind an id. A shard whose count is no power of two shares its range with others. */
export function rangeOf(shard: Shard = { index: 0, count: 1 }, after?: string): KeyRange {
  const slices = slicesFor(shard.count);
  const begin = reversed(shard.index % slices);
  const first = hex(begin);
  // '/' comes right after '.', which is the last character that can follow the hash.
  const last = `${hex(begin + SPREAD / slices - 1)}/`;
  if (after === undefined) return { first, last };
  // No id holds U+0000, so nothing fits between a key and the same key with U+0001 behind it.
  const behind = `${sortKeyOf(after)}\u0001`;
  return { first: behind > first ? behind : first, last };
}

/** The largest power of two that divides `count`, at most {@link SPREAD}. */
function slicesFor(count: number): number {
  let slices = 1;
  while (slices < SPREAD && count % (slices * 2) === 0) slices *= 2;
  return slices;
}

/** Eight bits in reverse order. */
function reversed(byte: number): number {
  let result = 0;
  for (let bit = 1; bit < SPREAD; bit *= 2) result = result * 2 + (Math.floor(byte / bit) % 2);
  return result;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
