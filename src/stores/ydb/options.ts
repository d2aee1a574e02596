import * as z from 'zod/mini';
import type { StaticKey } from '../../base/credentials/static-key.js';
import type { TokenProviderOptions } from '../../base/credentials/token-provider.js';
import { BroadcastError } from '../../base/errors.js';
import { functionOption, parseOptions } from '../../base/options.js';
import { bearerAuthorization, signedAuthorization } from './authorization.js';
import { createDocumentApi, type DocumentApi } from './document-api.js';

/** How to reach a database. A token is looked for as the transports do it, see `TokenProviderOptions`. */
export interface YdbOptions extends TokenProviderOptions {
  /**
   * The Document API endpoint of the database, with its path. The console shows it, Terraform calls it
   * `document_api_endpoint`. Default: the environment variable `YC_BROADCAST_YDB_ENDPOINT`.
   */
  readonly endpoint?: string | undefined;
  /** What the table's name begins with; may be a path, `dir/`. @default yc_broadcast_ */
  readonly tablePrefix?: string | undefined;
  /**
   * A static key of a service account instead of an IAM token. Default: the environment variables
   * `YC_BROADCAST_YDB_ACCESS_KEY_ID` and `YC_BROADCAST_YDB_SECRET_ACCESS_KEY`, unless `token` is given.
   */
  readonly credentials?: StaticKey | undefined;
  /** What signatures with a static key name. @default ru-central1 */
  readonly region?: string | undefined;
  /**
   * Longest time for a request with its repetitions, in milliseconds; the deadline of the function's call
   * ends it earlier. @default 10000
   */
  readonly timeoutMs?: number | undefined;
}

/** The table's name behind its prefix. */
const TABLE = 'store';

const notEmpty = z.string().check(z.minLength(1));

const schema = z.strictObject({
  endpoint: z.optional(
    z
      .string()
      .check(
        z.refine(
          (text) => /^https?:\/\//.test(text) && URL.canParse(text),
          'expected an address such as https://docapi.serverless.yandexcloud.net/ru-central1/<cloud>/<database>',
        ),
      ),
  ),
  tablePrefix: z._default(
    z.string().check(z.regex(/^[\w./-]*$/, 'expected letters, digits and _ . - /')),
    'yc_broadcast_',
  ),
  credentials: z.optional(z.strictObject({ accessKeyId: notEmpty, secretAccessKey: notEmpty })),
  region: z._default(notEmpty, 'ru-central1'),
  timeoutMs: z._default(z.number().check(z.positive()), 10_000),
  token: z.optional(z.unknown()),
  metadataUrl: z.optional(z.string()),
  iamUrl: z.optional(z.string()),
  now: z._default(functionOption<() => number>(), () => Date.now),
});

export interface YdbDatabase {
  readonly api: DocumentApi;
  readonly now: () => number;
}

/** Checks the options and prepares access. Throws `INVALID_OPTIONS` that names the option of `what`. */
export function openDatabase(options: unknown, what: string): YdbDatabase {
  const parsed = parseOptions(schema, options, what);
  const { tablePrefix, region, timeoutMs, now, token, metadataUrl, iamUrl } = parsed;
  const endpoint = parsed.endpoint ?? process.env['YC_BROADCAST_YDB_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `${what}.endpoint: give the Document API endpoint of the database, or set YC_BROADCAST_YDB_ENDPOINT; ` +
        'locally, `yc-broadcast dev --store` sets it',
    );
  }
  const key = parsed.credentials ?? (token === undefined ? keyFromEnvironment() : undefined);
  const authorization =
    key === undefined
      ? bearerAuthorization({ token, metadataUrl, iamUrl } as TokenProviderOptions)
      : signedAuthorization(key, region);
  return { api: createDocumentApi({ endpoint, table: tablePrefix + TABLE, authorization, timeoutMs }), now };
}

function keyFromEnvironment(): StaticKey | undefined {
  const accessKeyId = process.env['YC_BROADCAST_YDB_ACCESS_KEY_ID'];
  const secretAccessKey = process.env['YC_BROADCAST_YDB_SECRET_ACCESS_KEY'];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey };
}
