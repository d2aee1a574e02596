import { createYdbTable } from '../../stores/ydb.js';
import { usageError, type Command } from '../command.js';
import { flagsHelp, one, parseFlags } from '../flags/flags.js';
import { text } from '../flags/values.js';

const FLAGS = {
  store: one(text('ydb'), 'one table over the Document API, with a time to live'),
  endpoint: one(text('<url>'), 'Document API endpoint of the database (default $YC_BROADCAST_YDB_ENDPOINT)'),
  prefix: one(text('<text>'), "prefix of the table's name (default yc_broadcast_)"),
};

const HELP = `yc-broadcast store create --store <name>: creates what a store needs

Safe to run again: it leaves existing tables unchanged.

${flagsHelp(FLAGS)}

Credentials: an IAM token from YC_TOKEN, or the key of a service account in
the file that YC_SERVICE_ACCOUNT_KEY_FILE names, or a static key from
YC_BROADCAST_YDB_ACCESS_KEY_ID and YC_BROADCAST_YDB_SECRET_ACCESS_KEY. The role
ydb.editor is needed.

Examples
  YC_TOKEN=$(yc iam create-token) yc-broadcast store create --store ydb \\
    --endpoint https://docapi.serverless.yandexcloud.net/ru-central1/b1g…/etn…
  yc-broadcast store create --store ydb --endpoint http://127.0.0.1:8000
`;

export const store: Command = {
  help: HELP,
  run: async (args) => create(parseStoreOptions(args)),
};

interface CreateOptions {
  readonly endpoint: string;
  readonly prefix: string | undefined;
}

function parseStoreOptions(args: readonly string[]): CreateOptions {
  const {
    flags,
    words: [action, ...more],
  } = parseFlags(FLAGS, args);
  if (action !== 'create' || more.length > 0) throw usageError('try: yc-broadcast store create --store ydb');
  if (flags.store === undefined) throw usageError('missing --store; try: --store ydb');
  if (flags.store !== 'ydb') throw usageError(`there is nothing to create for the store '${flags.store}'`);
  const endpoint = flags.endpoint ?? process.env['YC_BROADCAST_YDB_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') {
    throw usageError(
      'missing --endpoint; give the Document API endpoint of the database, or set YC_BROADCAST_YDB_ENDPOINT',
    );
  }
  return { endpoint, prefix: flags.prefix };
}

async function create({ endpoint, prefix }: CreateOptions): Promise<number> {
  const { table, created, deletesExpired } = await createYdbTable({ endpoint, tablePrefix: prefix });
  process.stdout.write(`${created ? 'created' : 'already there'}: table ${table}\n`);
  if (!deletesExpired) {
    process.stdout.write('this server does not support time to live: it never deletes expired rows\n');
  }
  return 0;
}
