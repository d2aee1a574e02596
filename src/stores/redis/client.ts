import type { ConnectionOptions } from 'node:tls';
import { backoffBoundMs } from '../../base/backoff.js';
import { BroadcastError } from '../../base/errors.js';

/**
 * What the store needs of a client: `Redis` and `Cluster` of ioredis 5 and 6 have it, and so do clients that
 * were made after them.
 */
export interface RedisClient {
  eval(script: string, numberOfKeys: number, ...args: (string | number)[]): Promise<unknown>;
  evalsha(sha: string, numberOfKeys: number, ...args: (string | number)[]): Promise<unknown>;
  zcount(key: string, min: string, max: string): Promise<unknown>;
}

/** Where a store finds its client, and what it knows of it. */
export interface RedisSource {
  /** Rejects with `INVALID_OPTIONS` when ioredis is missing. */
  client(): Promise<RedisClient>;
  /**
   * Why the connection is down, if the source knows: the error of a call tells only that it gave up waiting.
   */
  lastProblem(): unknown;
  close(): Promise<void>;
}

/** A client of the user's: never closed here. */
export function givenClient(client: RedisClient): RedisSource {
  return {
    client: () => Promise.resolve(client),
    lastProblem: () => undefined,
    close: () => Promise.resolve(),
  };
}

export interface RedisAddress {
  readonly url: string;
  readonly tls: ConnectionOptions | undefined;
  /** In milliseconds; everything that the client waits for is a part of it. */
  readonly timeoutMs: number;
}

const RETRIES = 3;

/** A client of our own, made with the first call. */
export function clientFor({ url, tls, timeoutMs }: RedisAddress): RedisSource {
  let making: ReturnType<typeof make> | undefined;
  let problem: unknown;
  let isClosed = false;

  async function make() {
    const { Redis } = await importIoredis();
    const isTls = tls !== undefined || url.startsWith('rediss:');
    // ioredis would let the scheme of the URL win over the TLS options.
    const client = new Redis(url.replace(/^rediss:/, 'redis:'), {
      ...(isTls && { tls: tls ?? {} }),
      lazyConnect: true,
      connectTimeout: Math.ceil(timeoutMs / 2),
      // The sockets of an instance that was paused may be dead without knowing it.
      socketTimeout: Math.ceil(timeoutMs / 2),
      // How long a closed client may keep the process from ending.
      disconnectTimeout: 100,
      maxRetriesPerRequest: RETRIES,
      retryStrategy: (attempt) => backoffBoundMs(attempt, 25, 500),
      // A failover leaves the connection with a former master.
      reconnectOnError: ({ message }) => message.includes('READONLY'),
    });
    client.on('error', (reason: unknown) => (problem = reason));
    client.on('ready', () => (problem = undefined));
    return client;
  }

  return {
    async client() {
      if (isClosed) throw new BroadcastError('STORE_UNAVAILABLE', 'redis: the store was closed');
      return (making ??= make());
    },
    lastProblem: () => problem,
    async close() {
      isClosed = true;
      const client = await making?.catch(() => undefined);
      client?.disconnect();
    },
  };
}

async function importIoredis() {
  try {
    return await import('ioredis');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem =
      code === 'ERR_MODULE_NOT_FOUND'
        ? 'is not installed: npm install ioredis'
        : `cannot be loaded: ${message}`;
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `redisStore.url: needs the package ioredis, which ${problem}`,
      {
        cause,
      },
    );
  }
}
