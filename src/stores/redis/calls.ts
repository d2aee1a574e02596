import { createHash } from 'node:crypto';
import type { RedisClient, RedisSource } from './client.js';
import { unavailable } from './unavailable.js';

/** Lua that the server runs without letting anybody in between. */
export interface Script {
  readonly lua: string;
  /** By this the server knows it, once it has run. */
  readonly sha: string;
}

export function createScript(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Calls to the server. Every one ends in time, and fails with a `BroadcastError` only. */
export interface RedisCalls {
  /** All keys that the script touches have to hash to the slot of `key`. */
  run(script: Script, key: string, ...args: (string | number)[]): Promise<unknown>;
  /** How many members of a sorted set have a score beyond `min`. */
  countBeyond(key: string, min: number): Promise<number>;
}

export function createCalls(source: RedisSource, timeoutMs: number): RedisCalls {
  async function call<T>(what: (client: RedisClient) => Promise<T>): Promise<T> {
    const client = await source.client();
    try {
      return await inTime(what(client), timeoutMs);
    } catch (reason) {
      throw unavailable(reason, source.lastProblem());
    }
  }

  return {
    run: (script, key, ...args) => call((client) => runScript(client, script, key, args)),
    countBeyond: async (key, min) => Number(await call((client) => client.zcount(key, `(${min}`, '+inf'))),
  };
}

/** Sends the whole script only to a server that has not seen it since it was started. */
async function runScript(
  client: RedisClient,
  { lua, sha }: Script,
  key: string,
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, 1, key, ...args);
  } catch (reason) {
    if (reason instanceof Error && reason.message.startsWith('NOSCRIPT'))
      return client.eval(lua, 1, key, ...args);
    throw reason;
  }
}

/** Whatever the client is told to do about lost connections: nobody waits longer than this. */
async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
