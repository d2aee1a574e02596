import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { constants, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { BroadcastError } from 'yc-broadcast';
import { createTokenProvider, type TokenProvider } from '../../src/base/credentials/token-provider.js';

const VARIABLES = ['YC_TOKEN', 'YC_SERVICE_ACCOUNT_KEY_FILE'] as const;
const outside = VARIABLES.map((name) => [name, process.env[name]] as const);
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const cleanup of cleanups.splice(0)) await cleanup();
  for (const [name, value] of outside) if (value !== undefined) process.env[name] = value;
});

/** A clock that stands still until it is moved. */
function stopClock() {
  let now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  return {
    now: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

interface Request {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

/** A service on a port of its own that gives out what `answer` says. */
async function service(answer: (count: number) => Answer | Promise<Answer>) {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      const { status = 200, body: text } = await answer(requests.length);
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(typeof text === 'string' ? text : JSON.stringify(text));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** A metadata service whose tokens are `m1`, `m2`, … */
function metadata(expiresIn: number) {
  return service((count) => ({
    body: { access_token: `m${count}`, expires_in: expiresIn, token_type: 'Bearer' },
  }));
}

/** An address at which nobody answers, since the port has just been given back. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

function keyFile(content: unknown): string {
  const directory = mkdtempSync(join(tmpdir(), 'credentials-'));
  cleanups.push(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'key.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const serviceAccountKey = {
  id: 'aje-key',
  service_account_id: 'aje-account',
  // As the platform's files begin since 2023.
  private_key: `PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <aje-key>\n${privateKey}`,
};

async function errorOf(ask: () => unknown): Promise<BroadcastError> {
  try {
    await ask();
  } catch (error) {
    if (error instanceof BroadcastError) return error;
    throw error;
  }
  throw new Error('expected an error');
}

describe('an answer that is too long', () => {
  const endless = 'x'.repeat(1_000_000);

  it('of the metadata service is not read to its end', async () => {
    const { url } = await service(() => ({ body: { access_token: 't', expires_in: 60, endless } }));
    const error = await errorOf(() => createTokenProvider({ metadataUrl: url, iamUrl: url }).token());
    expect(error.message).toMatch(/the metadata service answered with more than 65536 bytes/);
  });

  it('of the token service is not read to its end', async () => {
    process.env['YC_SERVICE_ACCOUNT_KEY_FILE'] = keyFile(serviceAccountKey);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { url } = await service(() => ({ body: { iamToken: 't', expiresAt, endless } }));
    const error = await errorOf(() => createTokenProvider({ metadataUrl: url, iamUrl: url }).token());
    expect(error.message).toMatch(/the token service answered with more than 65536 bytes/);
  });
});

describe('the order of sources', () => {
  it('is the option, the call, the environment, a key file, the metadata service', async () => {
    const iam = await service(() => ({
      body: { iamToken: 'from-key', expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
    }));
    const { url: metadataUrl } = await metadata(3600);
    const sources = { metadataUrl, iamUrl: iam.url };
    const fresh = (): TokenProvider => createTokenProvider(sources);

    expect(await fresh().token()).toBe('m1');
    process.env['YC_SERVICE_ACCOUNT_KEY_FILE'] = keyFile(serviceAccountKey);
    expect(await fresh().token()).toBe('from-key');
    process.env['YC_TOKEN'] = 'from-environment';
    expect(await fresh().token()).toBe('from-environment');
    const called = fresh();
    called.onInvocation({ token: { access_token: 'from-call', expires_in: 3600 } });
    expect(await called.token()).toBe('from-call');
    const given = createTokenProvider({ ...sources, token: 'from-option' });
    given.onInvocation({ token: { access_token: 'from-call', expires_in: 3600 } });
    expect(await given.token()).toBe('from-option');
  });

  it('takes an empty variable for none', async () => {
    process.env['YC_TOKEN'] = '';
    process.env['YC_SERVICE_ACCOUNT_KEY_FILE'] = ' ';
    const { url: metadataUrl } = await metadata(3600);
    expect(await createTokenProvider({ metadataUrl }).token()).toBe('m1');
  });

  it('forgives the line break that a shell leaves behind a token', async () => {
    process.env['YC_TOKEN'] = 't1.token\n';
    expect(await createTokenProvider().token()).toBe('t1.token');
  });
});

describe("a call's own token", () => {
  const BEHIND = { token: 'behind' };

  function called(token: string | { access_token: string; expires_in?: number } | null | undefined) {
    process.env['YC_TOKEN'] = BEHIND.token;
    const provider = createTokenProvider();
    provider.onInvocation(token === undefined ? {} : { token });
    return provider;
  }

  it.each<[string, Parameters<typeof called>[0], string]>([
    ['an object', { access_token: 'call', expires_in: 3600 }, 'call'],
    ['an object without an expiry', { access_token: 'call' }, 'call'],
    ['a string, as in the raw contract', 'call', 'call'],
    ['null', null, 'behind'],
    ['absent', undefined, 'behind'],
    ['an empty string', '', 'behind'],
    ['an empty object', { access_token: '' }, 'behind'],
  ])('may be %s', (_name, token, expected) => {
    expect(called(token).token()).toBe(expected);
  });

  it('is replaced a minute before it expires', () => {
    const clock = stopClock();
    const provider = called({ access_token: 'call', expires_in: 3600 });
    clock.advance(3_539_000);
    expect(provider.token()).toBe('call');
    clock.advance(2000);
    expect(provider.token()).toBe('behind');
  });

  it('is used for half of its time when it lives for less than two minutes', () => {
    const clock = stopClock();
    const provider = called({ access_token: 'call', expires_in: 30 });
    clock.advance(14_000);
    expect(provider.token()).toBe('call');
    clock.advance(2000);
    expect(provider.token()).toBe('behind');
  });

  it('is trusted for ten minutes when it does not say', () => {
    const clock = stopClock();
    const provider = called('call');
    clock.advance(8 * 60_000);
    expect(provider.token()).toBe('call');
    clock.advance(2 * 60_000);
    expect(provider.token()).toBe('behind');
  });

  it('gives way to that of the next call', () => {
    const provider = called('first');
    provider.onInvocation({ token: 'second' });
    expect(provider.token()).toBe('second');
  });

  it('is not given out again once the gateway refused it', () => {
    const provider = called('call');
    provider.invalidate('another');
    expect(provider.token()).toBe('call');
    provider.invalidate('call');
    expect(provider.token()).toBe('behind');
  });
});

describe('the metadata service', () => {
  it('is asked as documented, once for all who wait, and again only near the expiry', async () => {
    const { url: metadataUrl, requests } = await metadata(3600);
    const provider = createTokenProvider({ metadataUrl });
    expect(await Promise.all([provider.token(), provider.token(), provider.token()])).toEqual([
      'm1',
      'm1',
      'm1',
    ]);
    expect(requests).toMatchObject([
      {
        method: 'GET',
        url: '/computeMetadata/v1/instance/service-accounts/default/token',
        headers: { 'metadata-flavor': 'Google' },
      },
    ]);
    const clock = stopClock();
    clock.advance(3_500_000);
    expect(provider.token()).toBe('m1');
    clock.advance(41_000);
    expect(await provider.token()).toBe('m2');
    expect(provider.token()).toBe('m2');
  });

  it('is not asked for every send when its tokens are about to expire', async () => {
    const { url: metadataUrl, requests } = await metadata(20);
    const clock = stopClock();
    const provider = createTokenProvider({ metadataUrl });
    for (let i = 0; i < 5; i++) {
      expect(await provider.token()).toBe('m1');
      clock.advance(1000);
    }
    expect(requests).toHaveLength(1);
  });

  it('is asked again after the gateway refused its token, and after it failed', async () => {
    const { url: metadataUrl } = await service((count) =>
      count === 1 ? { status: 500, body: '' } : { body: { access_token: `m${count}`, expires_in: 3600 } },
    );
    const provider = createTokenProvider({ metadataUrl });
    await expect(provider.token()).rejects.toThrow('UNAUTHENTICATED');
    expect(await provider.token()).toBe('m2');
    provider.invalidate('m2');
    expect(await provider.token()).toBe('m3');
  });
});

describe('the key of a service account', () => {
  async function exchange(lifeMs = 43_200_000) {
    const iam = await service((count) => ({
      body: { iamToken: `k${count}`, expiresAt: new Date(Date.now() + lifeMs).toISOString() },
    }));
    process.env['YC_SERVICE_ACCOUNT_KEY_FILE'] = keyFile(serviceAccountKey);
    return { provider: createTokenProvider({ iamUrl: iam.url }), requests: iam.requests };
  }

  it('signs a JWT that its public key verifies, with the documented claims', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { provider, requests } = await exchange();
    expect(await provider.token()).toBe('k1');
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/iam/v1/tokens' });
    const { jwt } = JSON.parse(requests[0]?.body ?? '') as { jwt: string };
    const [header = '', claims = '', signature = ''] = jwt.split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

    expect(read(header)).toEqual({ alg: 'PS256', typ: 'JWT', kid: 'aje-key' });
    const { iat, exp, ...rest } = read(claims) as { iat: number; exp: number };
    expect(rest).toEqual({ iss: 'aje-account', aud: 'https://iam.api.cloud.yandex.net/iam/v1/tokens' });
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(exp - iat).toBe(3600);
    const signed = Buffer.from(`${header}.${claims}`);
    const key = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verify('sha256', signed, key, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(verify('sha256', Buffer.from('other'), key, Buffer.from(signature, 'base64url'))).toBe(false);
  });

  it('is exchanged once for all who wait, and again a minute before the expiry', async () => {
    const { provider, requests } = await exchange();
    expect(await Promise.all([provider.token(), provider.token()])).toEqual(['k1', 'k1']);
    const clock = stopClock();
    clock.advance(43_200_000 - 61_000);
    expect(provider.token()).toBe('k1');
    clock.advance(2000);
    expect(await provider.token()).toBe('k2');
    expect(requests).toHaveLength(2);
  });
});

describe('the token option', () => {
  it('may be a function, which is asked every time', async () => {
    let count = 0;
    const provider = createTokenProvider({ token: () => `f${++count}` });
    expect([provider.token(), provider.token()]).toEqual(['f1', 'f2']);
    const slow = createTokenProvider({ token: () => Promise.resolve('f3') });
    expect(await slow.token()).toBe('f3');
  });

  it.each([[''], ['two words'], ['line\nbreak'], ['кириллица']])(
    'refuses %p at once, without repeating it',
    (token) => {
      let thrown: unknown;
      try {
        createTokenProvider({ token });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'INVALID_OPTIONS' });
      expect(String(thrown)).toContain('credentials.token: is empty or holds a space or line break');
    },
  );

  it.each<[string, () => unknown]>([
    ['gives nothing', () => undefined],
    ['gives an empty text', () => ''],
    ['gives a broken token', () => 'line\nbreak'],
    ['throws', () => raise(new Error('vault is sealed'))],
    ['promises nothing', () => Promise.resolve(undefined)],
    ['rejects', () => Promise.reject(new Error('vault is sealed'))],
  ])('is UNAUTHENTICATED when its function %s', async (_name, token) => {
    const provider = createTokenProvider({ token: token as () => string });
    const error = await errorOf(() => provider.token());
    expect(error.code).toBe('UNAUTHENTICATED');
    expect(error.message).toContain('the `token` function');
  });

  it('keeps the error of its function as the cause', async () => {
    const cause = new Error('vault is sealed');
    const provider = createTokenProvider({ token: () => Promise.reject(cause) });
    expect((await errorOf(() => provider.token())).cause).toBe(cause);
  });
});

function raise(error: Error): never {
  throw error;
}

describe('a failure', () => {
  const SECRET = `t1.${randomUUID()}`;

  interface Case {
    readonly metadata?: Answer | undefined;
    readonly iam?: Answer | undefined;
    readonly key?: unknown;
    readonly says: RegExp;
  }
  const REMEDY = /YC_TOKEN/;
  const KEY_REMEDY = /YC_SERVICE_ACCOUNT_KEY_FILE/;

  it.each<[string, Case]>([
    ['nobody at the metadata address', { says: REMEDY }],
    ['metadata switched off', { metadata: { status: 404, body: SECRET }, says: REMEDY }],
    ['metadata that is no JSON', { metadata: { body: `<${SECRET}>` }, says: REMEDY }],
    ['metadata without a token', { metadata: { body: { secret: SECRET } }, says: REMEDY }],
    [
      'metadata with an empty token',
      { metadata: { body: { access_token: '', expires_in: 1 } }, says: REMEDY },
    ],
    ['a key file that is not there', { key: undefined, says: KEY_REMEDY }],
    ['a key file that is no JSON', { key: `{"private_key":"${SECRET}`, says: KEY_REMEDY }],
    ['a key file of another kind', { key: { access_key: SECRET }, says: KEY_REMEDY }],
    ['a broken private key', { key: { ...serviceAccountKey, private_key: SECRET }, says: KEY_REMEDY }],
    [
      'a key with a damaged body',
      {
        key: { ...serviceAccountKey, private_key: privateKey.replace(/[A-Z]{4}/g, 'AAAA') },
        says: KEY_REMEDY,
      },
    ],
    ['nobody at the token service', { key: serviceAccountKey, says: /cannot be reached.*KEY_FILE/ }],
    [
      'a key that was deleted',
      {
        key: serviceAccountKey,
        iam: { status: 401, body: { message: SECRET } },
        says: /answered 401.*KEY_FILE/,
      },
    ],
    [
      'a token service that answers nonsense',
      { key: serviceAccountKey, iam: { body: { token: SECRET } }, says: KEY_REMEDY },
    ],
  ])('with %s is UNAUTHENTICATED, says what to do and tells no secret', async (_name, given) => {
    const metadataUrl =
      given.metadata === undefined
        ? await nobody()
        : (await service(() => given.metadata ?? { body: '' })).url;
    const iamUrl =
      given.iam === undefined ? await nobody() : (await service(() => given.iam ?? { body: '' })).url;
    if ('key' in given)
      process.env['YC_SERVICE_ACCOUNT_KEY_FILE'] =
        given.key === undefined ? join(tmpdir(), 'no-such-file.json') : keyFile(given.key);
    const error = await errorOf(() => createTokenProvider({ metadataUrl, iamUrl }).token());
    expect(error.code).toBe('UNAUTHENTICATED');
    expect(error.message).toMatch(given.says);
    expect(error.retryable).toBe(false);
    const everything = inspect(error, { depth: 10, showHidden: true });
    expect(everything).not.toContain(SECRET);
    expect(everything).not.toContain(privateKey.split('\n')[1]);
    expect(everything).not.toMatch(/eyJ[\w-]+\./);
  });

  it('does not wait long for a metadata service that does not answer', async () => {
    const { url: metadataUrl } = await service(() => new Promise(() => undefined));
    const startedAt = performance.now();
    await expect(createTokenProvider({ metadataUrl }).token()).rejects.toThrow('cannot be reached');
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });
});
