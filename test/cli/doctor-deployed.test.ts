/**
 * `yc-broadcast doctor --url`, against a local gateway over TLS, and against servers that are wrong in one
 * way each.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import * as z from 'zod';
import { createApp, defineContract } from 'yc-broadcast';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { localCertificate } from '../support/certificate.js';
import { startCli } from '../support/cli.js';

const TOKEN = 't1.secret-of-the-doctor';
const folder = mkdtempSync(join(tmpdir(), 'doctor-test-'));
const cleanups: (() => unknown)[] = [];
let gateway: Emulator;

const contract = defineContract({ client: { say: z.object({}) }, server: {} });
const app = createApp({
  contract,
  store: memoryStore(),
  origins: ['https://chat.example'],
  authenticate: ({ cookies, query }) => {
    const user = cookies.get('sid') ?? query['sid'];
    return user === undefined ? undefined : { user };
  },
});
const open = createApp({ contract, store: memoryStore(), origins: 'any' });

beforeAll(async () => {
  gateway = await startEmulator({
    tls: true,
    token: TOKEN,
    routes: {
      '/ws': app.handler,
      '/open': open.handler,
      '/silent': () => ({ statusCode: 200 }),
      '/binary': (event: unknown) => ({
        statusCode: 200,
        body: (event as { body?: string }).body ?? '',
      }),
      '/failing': () => Promise.reject(new Error('broken')),
      '/full': () => ({ statusCode: 429 }),
    },
  });
  writeFileSync(join(folder, 'ca.pem'), gateway.tls?.ca ?? '');
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

async function doctor(url: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const surroundings = {
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    YC_BROADCAST_ENDPOINT: gateway.endpoint,
    YC_TOKEN: '',
  };
  const cli = startCli(['doctor', '--url', url, ...args], { ...surroundings, ...env });
  const code = await cli.exited;
  const lines = cli.output().matchAll(/^ {2}([✓!✗]) (\S+) {2,}/gm);
  const marks = Object.fromEntries([...lines].map(([, mark = '', subject = '']) => [subject, mark]));
  return { code, output: cli.output(), text: cli.output().replaceAll(/\s+/g, ' '), marks };
}

const at = (path: string): string => `wss://localhost:${gateway.tls?.port ?? 0}${path}`;

describe('doctor --url', () => {
  it('finds that all is well, and that the token may send', async () => {
    const args = ['--origin', 'https://chat.example', '--header', 'Cookie: sid=secret-sid'];
    const { code, output, text, marks } = await doctor(`${at('/ws')}?key=secret-key`, args, {
      YC_TOKEN: TOKEN,
    });
    expect(marks).toEqual({
      Address: '✓',
      Network: '✓',
      Handshake: '✓',
      Origin: '✓',
      Protocol: '✓',
      Send: '✓',
    });
    expect(text).toMatch(
      /Network localhost is \S+ \(\d+ ms\), TLS after \d+ ms, certificate for \d+ more days/,
    );
    expect(text).toMatch(/Handshake 101 after \d+ ms, and again after \d+ ms/);
    expect(text).toContain('Origin a page of another site is refused with 403');
    expect(text).toMatch(/version 1, answered in \d+ ms; connections live 60 min, silent for 9/);
    expect(text).toMatch(/Send sent in \d+ ms, arrived after \d+ ms; with YC_TOKEN/);
    expect(code).toBe(0);
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    for (const secret of [TOKEN, 'secret-sid', 'secret-key']) expect(output).not.toContain(secret);
  });

  it('says that it did not send without a token, and prints JSON', async () => {
    const { code, output } = await doctor(`${at('/ws')}?sid=anna`, ['--format', 'json']);
    const findings = JSON.parse(output) as { subject: string; level: string; detail: string }[];
    expect(findings.map(({ level }) => level)).toEqual(Array<string>(6).fill('ok'));
    expect(findings.at(-1)?.detail).toMatch(/^not tried; with a key of the function's account/);
    expect(code).toBe(0);
  });

  it.each([
    ['401', '/ws', [], 'refused with 401', '→ authenticate did not recognise the request'],
    [
      '403 by the origin',
      '/ws?sid=anna',
      ['--origin', 'https://other.example'],
      '403 for the origin',
      '→ add https://other.example to origins',
    ],
    ['404', '/nothing', [], 'refused with 404', '→ the specification has no such path'],
    ['429', '/full', [], 'refused with 429', 'docs/quotas.md'],
    ['502', '/failing', [], 'refused with 502', '→ the function failed'],
  ])(
    'a handshake that is refused with %s, and no more checks',
    async (_status, path, args, detail, remedy) => {
      const { code, text, marks } = await doctor(at(path), args);
      expect(marks).toEqual({ Address: '✓', Network: '✓', Handshake: '✗' });
      expect(text).toContain(detail);
      expect(text).toContain(remedy);
      expect(code).toBe(1);
    },
  );

  it('that pages of any site may connect', async () => {
    const { code, text, marks } = await doctor(at('/open'));
    expect(marks['Origin']).toBe('!');
    expect(text).toContain("→ list yours: origins: ['https://…'] in createApp");
    expect(code).toBe(0);
  });

  it.each([
    ['nothing', '/silent', '!', 'no answer to $hello within 5 s', 0],
    ['binary frames', '/binary', '✗', 'answers arrive as binary frames → set Content-Type', 1],
  ])('that %s comes as the answer', async (_what, path, mark, text, code) => {
    const found = await doctor(at(path));
    expect(found.marks['Protocol']).toBe(mark);
    expect(found.text).toContain(text);
    expect(found.code).toBe(code);
  });

  it('that the token may not send', async () => {
    const { code, output, text, marks } = await doctor(`${at('/ws')}?sid=anna`, [], {
      YC_TOKEN: 't1.another-secret',
    });
    expect(marks['Send']).toBe('✗');
    expect(text).toContain('→ the token is invalid or has expired');
    expect(output).not.toContain('another-secret');
    expect(code).toBe(1);
    gateway.faults.add({ on: 'send', status: 403 });
    cleanups.push(() => {
      gateway.faults.clear();
    });
    const forbidden = await doctor(`${at('/ws')}?sid=anna`, [], { YC_TOKEN: TOKEN });
    expect(forbidden.text).toContain('--role api-gateway.websocketWriter');
  });
});

/** A websocket server that is not a gateway. */
async function serve(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('doctor --url finds wrong servers', () => {
  it('a page where websockets are expected', async () => {
    const server = createHttpServer((_request, response) => response.end('hello'));
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    const { code, text } = await doctor(`ws://localhost:${await serve(server)}/`);
    expect(text).toContain('! Address');
    expect(text).toContain('refused with 200 → this is a page, not a websocket');
    expect(code).toBe(1);
  });

  it('one that names no connection, and closes it', async () => {
    const server = createHttpServer();
    new WebSocketServer({ server }).on('connection', (socket) => {
      socket.close(1011);
    });
    const { text, marks } = await doctor(`ws://localhost:${await serve(server)}/ws`, [], { YC_TOKEN: TOKEN });
    expect(text).toContain('the connection was closed with 1011 at once');
    expect(text).toContain('! Send the handshake named no connection');
    expect(marks['Protocol']).toBe('✗');
  });

  it('one that lets nobody in the third time', async () => {
    const server = createHttpServer();
    let visits = 0;
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (++visits > 2) socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
      else sockets.handleUpgrade(request, socket, head, () => undefined);
    });
    const { code, text, marks } = await doctor(`ws://localhost:${await serve(server)}/ws`);
    expect(marks).toMatchObject({ Handshake: '✓', Origin: '!', Protocol: '✗' });
    expect(text).toContain('cannot tell: a page of another site was answered with 503');
    expect(text).toContain('refused with 503 this time');
    expect(code).toBe(1);
  });

  it('a certificate of somebody else, and one for another name', async () => {
    const { key, cert } = await localCertificate();
    const port = await serve(createHttpsServer({ key, cert }));
    const { code, text, marks } = await doctor(`wss://localhost:${port}/ws`);
    expect(marks).toEqual({ Address: '✓', Network: '✗' });
    expect(text).toContain('→ something between here and the gateway answers in its place');
    expect(code).toBe(1);
    const byNumber = await doctor(`wss://127.0.0.2:${gateway.tls?.port ?? 0}/ws`);
    expect(byNumber.text).toContain('✗ Network');
  });

  it('nobody at all', async () => {
    const server = createHttpServer();
    const port = await serve(server);
    await cleanups.pop()?.();
    expect((await doctor(`ws://localhost:${port}/ws`)).text).toContain('✗ Handshake');
    expect((await doctor(`wss://localhost:${port}/ws`)).text).toContain('→ nothing listens there');
    expect((await doctor('wss://gateway.invalid/ws')).text).toContain('→ check the name');
  });
});

describe('doctor --url reads the address before it asks anybody', () => {
  it.each([
    ['ws://d5d000.abcd1234.apigw.yandexcloud.net/ws', '→ use wss://d5d000.abcd1234.apigw.yandexcloud.net/ws'],
    ['https://d5d000.abcd1234.apigw.yandexcloud.net/ws', '→ clients connect to wss://d5d000'],
    ['wss://functions.yandexcloud.net/d4e000', "→ use the gateway's address"],
  ])('%s', async (url, remedy) => {
    const { code, text, marks } = await doctor(url);
    expect(marks).toEqual({ Address: '✗' });
    expect(text).toContain(remedy);
    expect(code).toBe(1);
  });

  it('and knows the domains of before 2025', async () => {
    const { text } = await doctor('wss://d5d000.apigw.yandexcloud.net:1/ws');
    expect(text).toContain('! Address d5d000.apigw.yandexcloud.net:1 lacks the label');
  });

  it.each([
    [['--url', 'nonsense'], '--url: expected an address such as wss://'],
    [['--url', 'wss://a/ws', '--origin', 'https://a/page'], '--origin: expected scheme, host and port only'],
    [['--url', 'wss://a/ws', '--header', 'secret'], "--header: expected 'Name: value'\n"],
    [['--url', 'wss://a/ws', '--port', '1'], '--port and --online are for the local gateway'],
    [['--origin', 'https://a'], '--origin and --header belong to --url'],
  ])('%j is a wrong call', async (args, message) => {
    const cli = startCli(['doctor', ...args]);
    expect(await cli.exited).toBe(2);
    expect(cli.output()).toContain(`yc-broadcast: ${message}`);
    expect(cli.output()).not.toContain('secret');
  });
});
