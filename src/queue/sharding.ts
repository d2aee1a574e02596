/** How an audience is divided into jobs. */

export interface ShardingOptions {
  readonly recipientsPerShard: number;
  readonly maxShards: number;
}

/**
 * The number of shards for an audience: so many that each has at most `recipientsPerShard`, rounded up to a
 * power of two, for which redisStore and ydbStore keep shards apart and read nobody twice; at most
 * `maxShards`.
 */
export function shardsFor(recipients: number, { recipientsPerShard, maxShards }: ShardingOptions): number {
  const wanted = Math.max(1, Math.ceil(recipients / recipientsPerShard));
  return Math.min(maxShards, 2 ** Math.ceil(Math.log2(wanted)));
}
