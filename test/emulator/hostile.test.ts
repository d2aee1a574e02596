/** Requests that nobody well-meaning makes: each is answered or cut off, and the gateway goes on. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator, type Emulator, type EmulatorOptions } from 'yc-broadcast/emulator';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const operation = { 'x-yc-apigateway-integration': { type: 'cloud_functions', function_id: 'f' } };

async function start(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const emulator = await startEmulator({
    spec: {
      paths: { '/ws': { 'x-yc-apigateway-websocket-message': operation }, '/http': { post: operation } },
    },
    functions: (event: unknown) => ({ statusCode: 200, body: JSON.stringify(event) }),
    store: true,
    queues: { jobs: {} },
    ...options,
  });
  cleanups.push(() => emulator.stop());
  return emulator;
}

/** What comes back for these bytes until the gateway closes the connection, or has given one answer. */
function send(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (/\r\n\r\n/.test(received)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(received);
    });
    socket.write(bytes, 'latin1');
  });
}

async function statusOf(port: number, bytes: string): Promise<number> {
  return Number((await send(port, bytes)).slice(9, 12));
}

const HEAD = 'Host: localhost\r\nConnection: close\r\n\r\n';
const UPGRADE =
  'Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

const TARGETS = ['//', 'http://[', '/\\', '///', '//[', '*', 'http://localhost:99999/', '/\\/\\'];

describe('a request target that is no path', () => {
  it.each(TARGETS)('%s is refused with 400', async (target) => {
    const { port, url } = await start();
    expect(await statusOf(port, `GET ${target} HTTP/1.1\r\n${HEAD}`)).toBe(400);
    expect(await statusOf(port, `POST ${target} HTTP/1.1\r\n${HEAD}`)).toBe(400);
    expect(await statusOf(port, `GET ${target} HTTP/1.1\r\n${UPGRADE}`)).toBe(400);
    expect((await fetch(url)).status).toBe(404);
  });

  it.each(['//', '/\\', '*', 'x', ''])('%j over HTTP/2 as well', async (path) => {
    const emulator = await start({ tls: true });
    const { endpoint, ca } = emulator.tls ?? { endpoint: '', ca: '' };
    const session = connectHttp2(endpoint, { ca });
    cleanups.push(() => {
      session.destroy();
    });
    session.on('error', () => undefined);
    const status = await new Promise((resolve) => {
      const stream = session.request({ ':path': path });
      stream.on('response', (headers) => {
        resolve(headers[':status']);
      });
      stream.on('error', () => {
        resolve('reset');
      });
      stream.on('close', () => {
        resolve('reset');
      });
    });
    expect([400, 'reset']).toContain(status);
    expect((await fetch(emulator.url)).status).toBe(404);
  });

  it('is refused by the metadata service and the tunnel, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
    cleanups.push(() => {
      rmSync(folder, { recursive: true });
    });
    const { port, url } = await start({ redirect: { folder } });
    expect(await statusOf(port, `GET // HTTP/1.1\r\n${HEAD}`)).toBe(400);
    for (const target of ['[', 'x:99999', ':', '[::1', 'localhost:1', '']) {
      expect(await statusOf(port, `CONNECT ${target} HTTP/1.1\r\n${HEAD}`)).toBeGreaterThanOrEqual(400);
    }
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('a header named __proto__', () => {
  it('reaches the function as any other', async () => {
    const { port } = await start();
    const answer = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(
        {
          port,
          host: '127.0.0.1',
          path: '/http',
          method: 'POST',
          headers: ['Host', 'localhost', '__proto__', 'x'],
        },
        (response) => {
          response.setEncoding('utf8');
          let text = '';
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            resolve(text);
          });
        },
      );
      request.on('error', reject);
      request.end();
    });
    expect(answer).toContain('"__proto__":["x"]');
  });
});

describe('the bodies that the gateway keeps', () => {
  it.each<[string, string, IncomingHttpHeaders]>([
    ['the queue', '/', { authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/x/sqs/aws4_request' }],
    ['the store', '/_yc-broadcast/store', { authorization: 'x', 'x-amz-target': 'x.PutItem' }],
  ])('have a bound: %s', async (_what, path, headers) => {
    const { url } = await start();
    const response = await fetch(url + path, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: 'x'.repeat(20 * 1024 * 1024),
    });
    expect(response.status).toBe(413);
  });
});

describe('names that every object has', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is no action', async (name) => {
    const { url } = await start();
    const ask = (path: string, service: string, body: string, target: string): Promise<Response> =>
      fetch(url + path, {
        method: 'POST',
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=a/20260101/x/${service}/aws4_request`,
          'x-amz-target': target,
        },
        body,
      });
    const ofStore = await ask('/_yc-broadcast/store', 'dynamodb', '{}', `DynamoDB.${name}`);
    expect([ofStore.status, await ofStore.text()]).toEqual([
      400,
      expect.stringContaining('UnknownOperationException'),
    ]);
    const ofQueue = await ask('/', 'sqs', '{}', `AmazonSQS.${name}`);
    expect([ofQueue.status, await ofQueue.text()]).toEqual([400, expect.stringContaining('InvalidAction')]);
    const ofForm = await ask('/', 'sqs', `Action=${name}`, '');
    expect([ofForm.status, await ofForm.text()]).toEqual([400, expect.stringContaining('InvalidAction')]);
  });
});

describe('pages', () => {
  function pages(): string {
    const folder = mkdtempSync(join(tmpdir(), 'pages-'));
    cleanups.push(() => {
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, 'index.html'), 'the page');
    writeFileSync(join(folder, '.env'), 'SECRET=1');
    mkdirSync(join(folder, '.git'));
    writeFileSync(join(folder, '.git', 'config'), 'secret');
    return folder;
  }

  it.each(['/.env', '/.git/config', '/%2eenv', '/x/..%2f.env', '/.git/../.env'])(
    'are not files such as %s',
    async (path) => {
      const { port } = await start({ static: pages() });
      expect(await statusOf(port, `GET ${path} HTTP/1.1\r\n${HEAD}`)).toBe(404);
      expect(await statusOf(port, `GET / HTTP/1.1\r\n${HEAD}`)).toBe(200);
    },
  );

  it('that cannot be read are not there, and the gateway goes on', async () => {
    const folder = pages();
    const { port, url } = await start({ static: folder });
    const big = join(folder, 'big.bin');
    writeFileSync(big, Buffer.alloc(8 * 1024 * 1024));
    const asked = send(port, `GET /big.bin HTTP/1.1\r\n${HEAD}`);
    rmSync(big);
    await asked;
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('a host that is not this machine', () => {
  const QUEUE = 'Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/x/sqs/aws4_request\r\n';
  const CONNECTION = '/apigateways/websocket/v1/connections/x';
  const REQUESTS: readonly (readonly [what: string, line: string, rest: string])[] = [
    ['a page', 'GET /', ''],
    ['a function', 'POST /http', 'Content-Length: 0\r\n'],
    ['a socket', 'GET /ws', UPGRADE.slice('Host: localhost\r\n'.length, -2)],
    ['a send', `POST ${CONNECTION}:send`, 'Authorization: Bearer x\r\nContent-Length: 0\r\n'],
    ['the store', 'POST /_yc-broadcast/store', 'Authorization: x\r\nContent-Length: 0\r\n'],
    ['a queue', 'POST /', `${QUEUE}Content-Length: 0\r\n`],
    ['the inspector', 'GET /_yc-broadcast/', ''],
    [
      'the token',
      'GET /computeMetadata/v1/instance/service-accounts/default/token',
      'Metadata-Flavor: Google\r\n',
    ],
  ];

  async function startRedirected(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
    const folder = mkdtempSync(join(tmpdir(), 'hosts-'));
    cleanups.push(() => {
      rmSync(folder, { recursive: true });
    });
    return start({ redirect: { folder }, static: folder, ...options });
  }

  const ask = ({ port }: Emulator, line: string, host: string, rest: string): Promise<number> =>
    statusOf(port, `${line} HTTP/1.1\r\nHost: ${host}\r\n${rest}\r\n`);

  it.each(REQUESTS)('gets nothing: %s', async (_what, line, rest) => {
    const emulator = await startRedirected();
    const foreign = ['rebound.example', `rebound.example:${emulator.port}`, '127.0.0.1.rebound.example'];
    const odd = ['localhost@rebound.example', 'rebound.example#localhost', '192.168.0.1', '0.0.0.0'];
    for (const host of [...foreign, ...odd])
      expect([host, await ask(emulator, line, host, rest)]).toEqual([host, 403]);
    for (const host of ['localhost', `127.0.0.1:${emulator.port}`, '[::1]:1', 'LOCALHOST.', 'a.localhost'])
      expect([host, await ask(emulator, line, host, rest)]).not.toEqual([host, 403]);
  });

  it.each([
    ['http://rebound.example/', 403],
    ['http://localhost/', 404],
    ['http://localhost', 404],
    ['http://localhost//', 400],
  ])('counts in a target that is a whole URL: %s', async (target, status) => {
    expect(await ask(await start(), `GET ${target}`, 'localhost', '')).toBe(status);
  });

  it('is welcome if the user says so', async () => {
    const emulator = await start({ allowedHosts: ['tunnel.example', '.ngrok.example'] });
    for (const host of ['tunnel.example', 'TUNNEL.example:80', 'a.b.ngrok.example'])
      expect([host, await ask(emulator, 'GET /', host, '')]).toEqual([host, 404]);
    for (const host of ['a.tunnel.example', 'xngrok.example'])
      expect([host, await ask(emulator, 'GET /', host, '')]).toEqual([host, 403]);
    await expect(start({ allowedHosts: ['http://tunnel.example'] })).rejects.toThrow('without a port');
  });

  it('is one of the cloud only while its addresses are redirected', async () => {
    const [plain, redirected] = [await start(), await startRedirected()];
    for (const host of ['apigateway-connections.api.cloud.yandex.net', '169.254.169.254'])
      expect([await ask(plain, 'GET /', host, ''), await ask(redirected, 'GET /', host, '')]).toEqual([
        403, 404,
      ]);
  });

  it('is refused over HTTP/2 and gRPC', async () => {
    const emulator = await start({ tls: true });
    const { endpoint, ca } = emulator.tls ?? { endpoint: '', ca: '' };
    const session = connectHttp2(endpoint, { ca });
    cleanups.push(() => {
      session.destroy();
    });
    for (const type of ['text/plain', 'application/grpc']) {
      const headers = {
        ':authority': 'rebound.example',
        ':method': 'POST',
        ':path': '/x',
        'content-type': type,
      };
      const stream = session.request(headers);
      const status = await new Promise((resolve) => {
        stream.on('response', (answer) => {
          resolve(answer[':status']);
        });
        stream.end();
      });
      expect([type, status]).toEqual([type, 403]);
    }
  });
});

describe('a handshake that cannot become a WebSocket', () => {
  it.each([
    ['without a key', UPGRADE.replace(/Sec-WebSocket-Key.*\r\n/, ''), 400],
    ['with a key that is none', UPGRADE.replace('dGhlIHNhbXBsZSBub25jZQ==', 'x'), 400],
    ['of version 7', UPGRADE.replace('Version: 13', 'Version: 7'), 426],
    ['for another protocol', UPGRADE.replace('websocket', 'h2c'), 400],
  ])('%s is refused before the function is asked', async (_what, head, status) => {
    const asked: unknown[] = [];
    const { port } = await start({
      spec: undefined,
      functions: undefined,
      routes: {
        '/ws': (event: unknown) => {
          asked.push(event);
          return { statusCode: 200 };
        },
      },
    });
    expect(await statusOf(port, `GET /ws HTTP/1.1\r\n${head}`)).toBe(status);
    expect(asked).toEqual([]);
  });
});
