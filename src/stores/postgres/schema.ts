import * as z from 'zod/mini';
import { parseOptions } from '../../base/options.js';
import { stateSchema } from './state-schema.js';
import type { TableNames } from './table-names.js';

export type { TableNames } from './table-names.js';

/** Where the tables are. */
export interface PostgresSchemaOptions {
  /** The schema that has the tables; it must exist. Default: the first one of the role's search path. */
  readonly schema?: string | undefined;
  /** How the names of tables and indexes begin. @default 'yc_broadcast_' */
  readonly tablePrefix?: string | undefined;
}

/** Index names end in at most 22 characters of ours, and PostgreSQL cuts names after 63. */
const MAX_PREFIX_LENGTH = 40;

export const schemaShape = {
  schema: z.optional(
    z
      .string()
      .check(
        z.regex(
          /^[a-z_][a-z0-9_]{0,62}$/,
          'expected lower-case letters, digits and _, at most 63 characters',
        ),
      ),
  ),
  tablePrefix: z._default(
    z
      .string()
      .check(
        z.maxLength(MAX_PREFIX_LENGTH, `expected at most ${MAX_PREFIX_LENGTH} characters`),
        z.regex(/^[a-z_][a-z0-9_]*$/, 'expected lower-case letters, digits and _'),
      ),
    'yc_broadcast_',
  ),
};

const optionsSchema = z.strictObject(schemaShape);

export function tableNames({ schema, tablePrefix }: z.output<typeof optionsSchema>): TableNames {
  const prefix = schema === undefined ? tablePrefix : `"${schema}".${tablePrefix}`;
  return {
    connections: `${prefix}connections`,
    members: `${prefix}members`,
    histories: `${prefix}histories`,
    entries: `${prefix}entries`,
    records: `${prefix}records`,
    states: `${prefix}states`,
    stateRows: `${prefix}state_rows`,
    changeState: `${prefix}change_state`,
    forgetState: `${prefix}forget_state`,
  };
}

/**
 * The migration of `postgresStore()` as SQL. May be run again at any time, also by several at once, as long
 * as it is one transaction: `psql --single-transaction`, or sent as one query. The package has the text with
 * its default names in `dist/stores/postgres/schema.sql`.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 */
export function postgresSchema(options: PostgresSchemaOptions = {}): string {
  const names = parseOptions(optionsSchema, options, 'postgresSchema');
  const { tablePrefix } = names;
  const tables = tableNames(names);
  return `\
-- Tables of yc-broadcast. Run them in one transaction: psql --single-transaction -f schema.sql
-- All times are Unix milliseconds of the instance that wrote them, in JavaScript's kind of number.

SELECT pg_advisory_xact_lock(hashtext('yc-broadcast schema'));

${connectionTables(tables, tablePrefix)}
${historyTables(tables, tablePrefix)}
${recordTable(tables, tablePrefix)}
${stateSchema(tables, tablePrefix)}`;
}

function connectionTables({ connections, members }: TableNames, tablePrefix: string): string {
  return `\
CREATE TABLE IF NOT EXISTS ${connections} (
  id            text COLLATE "C" PRIMARY KEY,
  shard_hash    bigint NOT NULL,               -- FNV-1a of the id: shard k of n has shard_hash % n = k
  user_name     text COLLATE "C",
  attributes    json NOT NULL,
  connected_at  double precision NOT NULL,
  expires_at    double precision NOT NULL,     -- absent from then on; of a tombstone: not needed any more
  removed       boolean NOT NULL DEFAULT false, -- a tombstone: a connect event that comes late finds it
  calls         text NOT NULL DEFAULT ''       -- the latest that changed it: one that is repeated is known
) WITH (fillfactor = 90);
ALTER TABLE ${connections} ADD COLUMN IF NOT EXISTS calls text NOT NULL DEFAULT '';
CREATE INDEX IF NOT EXISTS ${tablePrefix}connections_by_user
  ON ${connections} (user_name, id) WHERE user_name IS NOT NULL;
CREATE INDEX IF NOT EXISTS ${tablePrefix}connections_by_expiry
  ON ${connections} (expires_at);

CREATE TABLE IF NOT EXISTS ${members} (
  room          text COLLATE "C",
  id            text COLLATE "C" REFERENCES ${connections} ON DELETE CASCADE,
  shard_hash    bigint NOT NULL,
  PRIMARY KEY (room, id)
);
CREATE INDEX IF NOT EXISTS ${tablePrefix}members_by_id
  ON ${members} (id);
`;
}

function historyTables({ histories, entries }: TableNames, tablePrefix: string): string {
  return `\
CREATE TABLE IF NOT EXISTS ${histories} (
  room          text COLLATE "C" PRIMARY KEY,
  epoch         text NOT NULL,
  newest        bigint NOT NULL,               -- offset of the newest entry that ever was
  oldest        bigint NOT NULL,               -- offset of the oldest entry that may be read
  forget_at     double precision NOT NULL      -- in whole steps, so that most appends leave its index alone
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS ${tablePrefix}histories_by_forget
  ON ${histories} (forget_at);

CREATE TABLE IF NOT EXISTS ${entries} (
  room          text COLLATE "C" REFERENCES ${histories} ON DELETE CASCADE,
  entry         bigint,                        -- its offset
  data          json NOT NULL,                 -- a JSON string: plain text cannot hold every JavaScript string
  at            double precision NOT NULL,
  expires_at    double precision NOT NULL,
  PRIMARY KEY (room, entry)
);
`;
}

function recordTable({ records }: TableNames, tablePrefix: string): string {
  return `\
CREATE TABLE IF NOT EXISTS ${records} (
  key           text COLLATE "C" PRIMARY KEY,
  value         text NOT NULL,
  version       text COLLATE "C" NOT NULL,     -- another one with each write
  expires_at    double precision NOT NULL,     -- absent from then on; of a removed one: not needed any more
  removed       boolean NOT NULL DEFAULT false, -- a call that is repeated finds it
  calls         text NOT NULL DEFAULT ''       -- the latest that changed it; a write is called by its version
);
ALTER TABLE ${records} ADD COLUMN IF NOT EXISTS removed boolean NOT NULL DEFAULT false;
ALTER TABLE ${records} ADD COLUMN IF NOT EXISTS calls text NOT NULL DEFAULT '';
CREATE INDEX IF NOT EXISTS ${tablePrefix}records_by_expiry
  ON ${records} (expires_at);
`;
}
