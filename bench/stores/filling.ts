import pg from 'pg';
import type { ConnectionStore } from 'yc-broadcast';
import { CONNECTION_TTL_MS, shardOf } from 'yc-broadcast/stores';
import type { Place } from './contenders.js';
import { forEach } from './in-flight.js';
import { connectionAt } from './operations.js';

const PUTS_UNDER_WAY = 200;
const ROWS_PER_STATEMENT = 10_000;

/**
 * Puts `members` connections into a store: through the store itself, except for PostgreSQL, which takes rows
 * by the thousand. They are as the store writes them.
 */
export async function fill(store: ConnectionStore, place: Place, members: number): Promise<void> {
  if (place.store === 'postgres') await fillPostgres(place, members);
  else await forEach(members, PUTS_UNDER_WAY, (index) => store.put(connectionAt(index)));
}

async function fillPostgres({ address, namespace }: Place, members: number): Promise<void> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  const { attributes } = connectionAt(0);
  for (let first = 0; first < members; first += ROWS_PER_STATEMENT) {
    const count = Math.min(ROWS_PER_STATEMENT, members - first);
    const ids = Array.from({ length: count }, (_, offset) => connectionAt(first + offset).id);
    await client.query(
      `INSERT INTO ${namespace}connections (id, shard_hash, attributes, connected_at, expires_at)
       SELECT id, hash, $3, $4, $5 FROM unnest($1::text[], $2::bigint[]) AS row (id, hash)`,
      [
        ids,
        ids.map((id) => shardOf(id, 2 ** 32)),
        JSON.stringify(attributes),
        Date.now(),
        Date.now() + CONNECTION_TTL_MS,
      ],
    );
  }
  // As autovacuum would do it after a while.
  await client.query(`VACUUM ANALYZE ${namespace}connections`);
  await client.end();
}
