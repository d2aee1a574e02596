/** Who gets in: function authorizers and JSON Web Tokens, at handshakes and at HTTP requests. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';

interface Event {
  readonly requestContext: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}
type Json = Record<string, unknown>;

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const operation = (functionId: string, more: Json = {}): Json => ({
  ...more,
  'x-yc-apigateway-integration': { type: 'cloud_functions', function_id: functionId },
});

/** A gateway with one scheme, which stands before everything at `/ws` and `/http`. */
async function start(
  scheme: Json,
  authorizer: (event: Json) => unknown = () => undefined,
  security: unknown = [{ s: [] }],
) {
  const events: Event[] = [];
  const asked: Json[] = [];
  const emulator = await startEmulator({
    spec: {
      security,
      components: { securitySchemes: { s: scheme } },
      paths: {
        '/ws': {
          'x-yc-apigateway-websocket-connect': operation('app'),
          'x-yc-apigateway-websocket-message': operation('app'),
          'x-yc-apigateway-websocket-disconnect': operation('app', { security: [] }),
        },
        '/http': { get: operation('app'), post: operation('app') },
      },
    },
    functions: {
      app: (event: Event) => {
        events.push(event);
        return { statusCode: 200 };
      },
      auth: (event: Json) => {
        asked.push(event);
        return authorizer(event);
      },
    },
    clock: 'manual',
  });
  cleanUps.push(() => emulator.stop());
  return { emulator, events, asked };
}

const byFunction = (more: Json = {}): Json => ({
  'x-yc-apigateway-authorizer': { type: 'function', function_id: 'auth', ...more },
});
const KEY = { type: 'apiKey', in: 'query', name: 'token' };

const statusOf = async (
  emulator: Emulator,
  path: string,
  headers: Record<string, string> = {},
): Promise<number> => (await emulator.connect(path, { headers })).handshake.status;

describe('a function authorizer', () => {
  it('lets in with 101, refuses with 401 without credentials and 403 with wrong ones', async () => {
    const { emulator, events, asked } = await start(
      { ...KEY, ...byFunction() },
      ({ queryStringParameters }) => ({
        isAuthorized: (queryStringParameters as Json)['token'] === 'right',
      }),
    );
    expect(await statusOf(emulator, '/ws')).toBe(401);
    expect(asked).toEqual([]);
    expect(await statusOf(emulator, '/ws?token=wrong')).toBe(403);
    expect(events).toEqual([]);
    expect(await statusOf(emulator, '/ws?token=right')).toBe(101);
    expect(events).toHaveLength(1);
    expect(emulator.timeline().filter(({ type }) => type === 'connect')).toMatchObject([
      { status: 401, reason: 'no credentials in the query token', level: 'warning' },
      { status: 403, reason: 'the authorizer denied the request', level: 'warning' },
      { status: 200 },
    ]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no isAuthorized', {}],
    ['a word', { isAuthorized: 'true' }],
    ['a response of a handler', { statusCode: 200 }],
    ['a context that is no object', { isAuthorized: true, context: 'me' }],
  ])('that returns %s is a 500', async (_what, answer) => {
    const { emulator, events } = await start({ ...KEY, ...byFunction() }, () => answer);
    expect(await statusOf(emulator, '/ws?token=x')).toBe(500);
    expect(events).toEqual([]);
    expect(emulator.timeline()[0]).toMatchObject({ status: 500, level: 'error' });
  });

  it('that throws is a 500, and the client learns nothing of it', async () => {
    const { emulator } = await start({ ...KEY, ...byFunction() }, () => {
      throw new Error('secret');
    });
    const { handshake } = await emulator.connect('/ws?token=x');
    expect([handshake.status, handshake.body]).toEqual([500, '{"message":"Internal Server Error"}']);
  });

  it('gets the documented request', async () => {
    const scheme = { type: 'http', scheme: 'bearer', ...byFunction() };
    const { emulator, asked } = await start(scheme, () => ({ isAuthorized: true }));
    await statusOf(emulator, '/ws?a=1', { authorization: 'Bearer t', cookie: 'sid=7' });
    expect(Object.keys(asked[0] ?? {}).sort()).toEqual(
      [
        'cookies',
        'headers',
        'httpMethod',
        'path',
        'pathParameters',
        'queryStringParameters',
        'requestContext',
        'resource',
      ].sort(),
    );
    expect(asked[0]).toMatchObject({
      resource: '/ws',
      httpMethod: 'GET',
      headers: { Authorization: 'Bearer t' },
      queryStringParameters: { a: '1' },
      cookies: { sid: '7' },
    });
  });

  it('has its context in the events of secured operations, and the function never sees the header', async () => {
    const scheme = { type: 'http', scheme: 'bearer', ...byFunction() };
    const { emulator, events } = await start(scheme, () => ({
      isAuthorized: true,
      context: { userId: 'u1' },
    }));
    const client = await emulator.connect('/ws', { headers: { authorization: 'Bearer t' } });
    client.send('x');
    await emulator.idle();
    client.close();
    await client.closed;
    await emulator.idle();
    await fetch(`${emulator.url}/http`, { headers: { authorization: 'Bearer t' } });
    expect(events.map(({ requestContext }) => requestContext['authorizer'])).toEqual([
      { userId: 'u1' },
      { userId: 'u1' },
      undefined,
      { userId: 'u1' },
    ]);
    expect(events.some(({ headers }) => 'Authorization' in headers)).toBe(false);
  });

  it.each<[string, Json, string, Record<string, string>]>([
    ['a header', { type: 'apiKey', in: 'header', name: 'x-key' }, '/ws', { 'x-key': 'k' }],
    ['a cookie', { type: 'apiKey', in: 'cookie', name: 'sid' }, '/ws', { cookie: 'a=b; sid=k' }],
    ['the query', KEY, '/ws?token=k', {}],
    ['basic credentials', { type: 'http', scheme: 'basic' }, '/ws', { authorization: 'Basic a2s=' }],
  ])('finds credentials in %s', async (_where, place, path, headers) => {
    const { emulator } = await start({ ...place, ...byFunction() }, () => ({ isAuthorized: true }));
    expect(await statusOf(emulator, '/ws')).toBe(401);
    expect(await statusOf(emulator, path, headers)).toBe(101);
  });

  it('is asked once for path, operation and credential, for as long as its answer is kept', async () => {
    const { emulator, asked } = await start(
      { ...KEY, ...byFunction({ authorizer_result_ttl_in_seconds: 60 }) },
      () => ({
        isAuthorized: true,
      }),
    );
    const ask = async (path: string, method = 'GET'): Promise<number> => {
      await fetch(`${emulator.url}${path}`, { method });
      return asked.length;
    };
    expect(await ask('/http?token=a')).toBe(1);
    expect(await ask('/http?token=a&x=1')).toBe(1);
    expect(await ask('/http?token=b')).toBe(2);
    expect(await ask('/http?token=a', 'POST')).toBe(3);
    await emulator.connect('/ws?token=a');
    expect(asked).toHaveLength(4);
    await emulator.clock.advance('59s');
    expect(await ask('/http?token=a')).toBe(4);
    await emulator.clock.advance('2s');
    expect(await ask('/http?token=a')).toBe(5);
  });

  it('is asked for every address where that is part of the key, and every time without a time to live', async () => {
    const uri = { authorizer_result_ttl_in_seconds: 60, authorizer_result_caching_mode: 'uri' };
    for (const [caching, count] of [[uri, 2] as const, [{}, 3] as const]) {
      const { emulator, asked } = await start({ ...KEY, ...byFunction(caching) }, () => ({
        isAuthorized: true,
      }));
      for (const x of [1, 2, 1]) await fetch(`${emulator.url}/http?token=a&x=${x}`);
      expect(asked).toHaveLength(count);
    }
  });

  it('is one of several ways in, or not needed at all', async () => {
    const open = await start({ ...KEY, ...byFunction() }, () => ({ isAuthorized: true }), [{ s: [] }, {}]);
    expect(await statusOf(open.emulator, '/ws')).toBe(101);
  });
});

describe('JSON Web Tokens', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'e' },
  ];
  const folder = fileURLToPath(new URL('../artefacts', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'jwks.json');
  writeFileSync(file, JSON.stringify({ keys }));

  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  function token(
    claims: Json,
    header: Json = { alg: 'RS256', kid: 'r' },
    key: KeyObject = rsa.privateKey,
  ): string {
    const signed = `${encode(header)}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  const byToken = (more: Json = {}): Json => ({
    type: 'openIdConnect',
    openIdConnectUrl: 'https://unused.example',
    'x-yc-apigateway-authorizer': {
      type: 'jwt',
      jwksUri: file,
      identitySource: { in: 'query', name: 'jwt' },
      issuers: ['https://issuer.example'],
      audiences: ['chat', 'news'],
      requiredClaims: ['sub'],
      ...more,
    },
  });
  const GOOD = { sub: 'u1', iss: 'https://issuer.example', aud: ['chat'], scope: 'read write', age: 7 };
  const inSeconds = (emulator: Emulator, seconds: number): number => emulator.clock.now() / 1000 + seconds;

  it('let in when they are signed by RS256 or ES256, with claims and scopes in the event', async () => {
    const { emulator, events } = await start(byToken(), undefined, [{ s: ['read'] }]);
    const claims = { ...GOOD, exp: inSeconds(emulator, 60) };
    expect(await statusOf(emulator, `/ws?jwt=${token(claims)}`)).toBe(101);
    expect(
      await statusOf(emulator, `/ws?jwt=${token(claims, { alg: 'ES256', kid: 'e' }, ec.privateKey)}`),
    ).toBe(101);
    expect(events[0]?.requestContext['authorizer']).toMatchObject({
      jwt: { claims: { sub: 'u1', age: '7', aud: '["chat"]' }, scopes: ['read', 'write'] },
    });
  });

  it.each<[string, number, (now: number) => string]>([
    ['no token', 401, () => ''],
    ['something else', 401, () => 'abc'],
    ['an expired one', 401, (now) => token({ ...GOOD, exp: now - 1 })],
    ['one for later', 401, (now) => token({ ...GOOD, nbf: now + 60 })],
    ['one of another issuer', 401, () => token({ ...GOOD, iss: 'https://evil.example' })],
    ['one for another audience', 401, () => token({ ...GOOD, aud: 'shop' })],
    ['one without a claim that is required', 401, () => token({ ...GOOD, sub: undefined })],
    [
      "one that a stranger's key has signed",
      401,
      () => token(GOOD, { alg: 'RS256', kid: 'r' }, stranger.privateKey),
    ],
    ['one by a key that nobody knows', 401, () => token(GOOD, { alg: 'RS256', kid: 'x' })],
    ['one that is not signed', 401, () => `${encode({ alg: 'none' })}.${encode(GOOD)}.`],
    [
      'one that is signed with the public key as a secret',
      401,
      () => {
        const signed = `${encode({ alg: 'HS256', kid: 'r' })}.${encode(GOOD)}`;
        const secret = rsa.publicKey.export({ format: 'pem', type: 'spki' });
        return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      },
    ],
    ['one without the scope', 403, () => token({ ...GOOD, scope: 'write' })],
  ])('refuse %s with %d', async (_what, status, make) => {
    const { emulator, events } = await start(byToken(), undefined, [{ s: ['read'] }]);
    expect(await statusOf(emulator, `/ws?jwt=${make(emulator.clock.now() / 1000)}`)).toBe(status);
    expect(events).toEqual([]);
    expect(JSON.stringify(emulator.timeline())).not.toContain(encode(GOOD));
  });

  it('are a 500 when the keys are unavailable', async () => {
    const { emulator } = await start(byToken({ jwksUri: join(folder, 'no-such-keys.json') }));
    expect(await statusOf(emulator, `/ws?jwt=${token(GOOD)}`)).toBe(500);
  });

  it('find their keys through the page of an OpenID provider, which is asked again when its time is over', async () => {
    let requests = 0;
    const server = createServer(({ url }, response) => {
      requests++;
      const { port } = server.address() as AddressInfo;
      const page = url === '/keys' ? { keys } : { jwks_uri: `http://127.0.0.1:${port}/keys` };
      response.end(JSON.stringify(page));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const scheme = {
      ...byToken({ jwksUri: undefined, jwkTtlInSeconds: 60, identitySource: undefined }),
      openIdConnectUrl: `http://127.0.0.1:${port}/.well-known/openid-configuration`,
    };
    const { emulator } = await start(scheme);
    const headers = { authorization: `Bearer ${token(GOOD)}` };
    for (let i = 0; i < 2; i++) expect(await statusOf(emulator, '/ws', headers)).toBe(101);
    expect(requests).toBe(2);
    await emulator.clock.advance('61s');
    expect(await statusOf(emulator, '/ws', headers)).toBe(101);
    expect(requests).toBe(4);
  });
});
