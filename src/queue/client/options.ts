import * as z from 'zod/mini';
import type { StaticKey } from '../../base/credentials/static-key.js';
import { BroadcastError } from '../../base/errors.js';
import { lazily, parseOptions } from '../../base/options.js';

/** Which queue, and the key for it. Whatever is left out comes from the environment. */
export interface MessageQueueOptions {
  /**
   * The queue's address, `https://message-queue.api.cloud.yandex.net/<cloud>/<id>/<name>`, as the console and
   * Terraform show it. Default: the environment variable `YC_BROADCAST_QUEUE_URL`.
   */
  readonly url?: string | undefined;
  /**
   * Which of several queues of the environment: `news` reads its address from `YC_BROADCAST_QUEUE_URL_NEWS`.
   * What is no letter or digit becomes `_`.
   */
  readonly name?: string | undefined;
  /**
   * The static key of a service account with the role `ymq.writer`. Default: the environment variables
   * `YC_BROADCAST_QUEUE_ACCESS_KEY_ID` and `YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY`, then `AWS_ACCESS_KEY_ID`
   * and `AWS_SECRET_ACCESS_KEY`.
   */
  readonly credentials?: StaticKey | undefined;
  /** What signatures name. @default ru-central1 */
  readonly region?: string | undefined;
  /**
   * Longest time for one `send` that is given no deadline, with all repetitions, in milliseconds. @default
   * 10000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Most requests per second, repetitions included, in any second. The queue allows 300 for all its senders
   * together. Documented. @default 300
   */
  readonly maxCallsPerSecond?: number | undefined;
}

export interface QueueAccess {
  readonly url: URL;
  /** The last part of the address. */
  readonly name: string;
  readonly credentials: StaticKey;
  readonly region: string;
  readonly timeoutMs: number;
  readonly maxCallsPerSecond: number;
}

/** Documented rate for one kind of call to a standard queue. */
const CALLS_PER_SECOND = 300;

const URL_VARIABLE = 'YC_BROADCAST_QUEUE_URL';
const KEY_VARIABLES = [
  ['YC_BROADCAST_QUEUE_ACCESS_KEY_ID', 'YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY'],
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
] as const;

const schema = lazily(() => {
  const notEmpty = z.string().check(z.minLength(1));
  return z.strictObject({
    url: z.optional(z.string()),
    name: z.optional(notEmpty),
    credentials: z.optional(z.strictObject({ accessKeyId: notEmpty, secretAccessKey: notEmpty })),
    region: z._default(notEmpty, 'ru-central1'),
    timeoutMs: z._default(z.number().check(z.positive()), 10_000),
    maxCallsPerSecond: z._default(z.number().check(z.positive()), CALLS_PER_SECOND),
  });
});

/**
 * Checks the options and completes them from the environment. Throws `INVALID_OPTIONS` that names what is
 * missing.
 */
export function readQueueOptions(options: MessageQueueOptions): QueueAccess {
  const { url: given, name, credentials, ...rest } = parseOptions(schema(), options, 'messageQueue');
  const variable = urlVariable(name);
  const url = checkUrl(given ?? process.env[variable], variable);
  return {
    ...rest,
    url,
    name: decodeURIComponent(url.pathname.split('/').at(-1) ?? ''),
    credentials: credentials ?? keyFromEnvironment(),
  };
}

/** The variable that holds the address of a queue. */
export function urlVariable(name: string | undefined): string {
  return name === undefined
    ? URL_VARIABLE
    : `${URL_VARIABLE}_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

function checkUrl(url: string | undefined, variable: string): URL {
  if (url === undefined || url === '') {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `messageQueue.url: give the address of the queue, or set ${variable}`,
    );
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isAddress =
    parsed !== undefined && /^https?:$/.test(parsed.protocol) && !parsed.pathname.endsWith('/');
  if (isAddress) return parsed;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    'messageQueue.url: expected an address such as https://message-queue.api.cloud.yandex.net/<cloud>/<id>/<name>',
  );
}

function keyFromEnvironment(): StaticKey {
  for (const [id, secret] of KEY_VARIABLES) {
    const [accessKeyId, secretAccessKey] = [process.env[id], process.env[secret]];
    if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  }
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `messageQueue.credentials: give a static key, or set ${KEY_VARIABLES[0].join(' and ')}; Message Queue does not accept IAM tokens`,
  );
}
