import { shardOf, type SingleAudience, type Shard } from '../../model/store.js';
import { checkName } from '../../base/names.js';

/**
 * Into so many parts everything is divided, by connection id: sixteen keys where a large room would have one,
 * spread over the masters of a cluster. All that belongs to one connection is in one part, hence in one slot:
 * only so can a script change it at once. A power of two, as numbers of shards tend to be.
 */
const COUNT = 16;

export function partitionOf(id: string): number {
  return shardOf(id, COUNT);
}

/** The partitions that hold ids of a shard, in order. With 2, 4, 8 or 16 shards each has some for itself. */
export function partitionsOf(shard: Shard | undefined): number[] {
  const all = Array.from({ length: COUNT }, (_, index) => index);
  if (shard === undefined) return all;
  const common = greatestCommonDivisor(shard.count, COUNT);
  return all.filter((partition) => partition % common === shard.index % common);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Keys of one partition begin with this. What stands in braces decides on the slot. */
export function partitionKey(keyPrefix: string, partition: number): string {
  return `${keyPrefix}{${partition}}`;
}

/** What scripts call an audience. */
export function audienceName(audience: SingleAudience): string {
  if ('room' in audience) return `room:${checkName(audience.room, 'room')}`;
  return 'user' in audience ? `user:${checkName(audience.user, 'user')}` : 'all';
}

/** The sorted set that has the ids of an audience by their expiry. */
export function expiryKey(partition: string, audience: string): string {
  return `${partition}:expiry:${audience}`;
}
