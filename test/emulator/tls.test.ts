/** The local gateway's TLS port: its certificate, the protocols on it, and gRPC down to the frames. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { startEmulator, type Emulator, type EmulatorOptions, type TlsAccess } from 'yc-broadcast/emulator';

const SERVICE = '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService';
const REST = '/apigateways/websocket/v1/connections';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Secure = Emulator & { readonly tls: TlsAccess };

async function start(options: Partial<EmulatorOptions> = {}): Promise<Secure> {
  const emulator = await startEmulator({
    routes: { '/ws': () => ({ statusCode: 200 }) },
    tls: true,
    ...options,
  });
  cleanups.push(() => emulator.stop());
  const { tls } = emulator;
  if (tls === undefined) throw new Error('no TLS');
  return { ...emulator, tls };
}

function http2({ tls }: Secure): ClientHttp2Session {
  const session = connectHttp2(tls.endpoint, { ca: tls.ca });
  cleanups.push(() => {
    session.destroy();
  });
  return session;
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly body: Buffer;
}

async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body: Buffer = Buffer.alloc(0),
): Promise<Answer> {
  const stream = session.request({ authorization: 'Bearer x', ':method': 'POST', ...headers });
  let trailers: IncomingHttpHeaders | undefined;
  stream.on('trailers', (received: IncomingHttpHeaders) => (trailers = received));
  const answered = once(stream, 'response') as Promise<[IncomingHttpHeaders]>;
  const closed = once(stream, 'close');
  // Of a GET and a DELETE, Node.js ends the stream itself.
  if (!stream.writableEnded) stream.end(body);
  const [received] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  await closed;
  return { headers: received, trailers, body: Buffer.concat(chunks) };
}

/** A gRPC message: one byte for compression, four for the length. */
function framed(message: Buffer, compression = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compression;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const grpc = (session: ClientHttp2Session, method: string, body: Buffer, more: Record<string, string> = {}) =>
  ask(
    session,
    { ':path': `${SERVICE}/${method}`, 'content-type': 'application/grpc', te: 'trailers', ...more },
    body,
  );

/** connection_id = 1, data = 2, type = 3, by hand: the test has its own idea of the format. */
function sendMessage(id: string, data: Buffer, type = 2): Buffer {
  const varint = (value: number): number[] =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
  return Buffer.concat([
    Buffer.from([0x0a, ...varint(Buffer.byteLength(id))]),
    Buffer.from(id),
    Buffer.from([0x12, ...varint(data.length)]),
    data,
    Buffer.from([0x18, ...varint(type)]),
  ]);
}

describe('the certificate', () => {
  it('is for this machine, from an authority that is made for each gateway', async () => {
    const [one, two] = [await start(), await start()];
    expect(one.tls.ca).not.toBe(two.tls.ca);
    const authority = new X509Certificate(one.tls.ca);
    expect(authority.ca).toBe(true);
    const socket = connectTls({
      port: one.tls.port,
      host: '127.0.0.1',
      ca: one.tls.ca,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate();
    socket.destroy();
    if (certificate === undefined) throw new Error('no certificate');
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.ca).toBe(false);
    for (const host of ['localhost', 'example.com'])
      expect([host, certificate.checkHost(host)]).toEqual([host, host === 'localhost' ? host : undefined]);
    for (const address of ['127.0.0.1', '::1']) expect(certificate.checkIP(address)).toBe(address);
    const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(300);
    // Browsers refuse certificates that live for longer.
    expect(days).toBeLessThan(398);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
  });

  it('is not trusted without the authority', async () => {
    const { tls } = await start();
    await expect(fetch(`${tls.endpoint}/`)).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) },
    });
  });
});

describe('the TLS port', () => {
  it('is not there unless it is asked for, and may be chosen', async () => {
    const plain = await startEmulator({ routes: { '/ws': () => undefined } });
    cleanups.push(() => plain.stop());
    expect(plain.tls).toBeUndefined();
    const first = await start();
    await first.stop();
    const chosen = await start({ tls: { port: first.tls.port } });
    expect(chosen.tls).toMatchObject({
      port: first.tls.port,
      endpoint: `https://localhost:${first.tls.port}`,
    });
  });

  it('that is taken is said so, and leaves nothing open', async () => {
    const { tls } = await start();
    const { port, stop } = await start();
    await stop();
    const options = { routes: { '/ws': () => undefined }, port, tls: { port: tls.port } };
    await expect(startEmulator(options)).rejects.toThrow(`tls.port: ${tls.port} is taken`);
    // The plain port, which was opened first, can be had again.
    const next = await startEmulator({ ...options, tls: false });
    await next.stop();
  });

  it.each([
    [{ tls: { prot: 1 } }, /startEmulator\.tls/],
    [{ tls: 4511 }, /startEmulator\.tls/],
    [{ grpcErrors: 'header' }, /startEmulator\.grpcErrors/],
  ])('refuses %p', async (wrong, message) => {
    const options = { routes: { '/ws': () => undefined }, ...wrong } as unknown as EmulatorOptions;
    await expect(startEmulator(options)).rejects.toThrow(message);
  });

  it('is stopped with clients of every kind connected', async () => {
    const emulator = await start();
    const session = http2(emulator);
    await once(session, 'connect');
    const idle = connectTls({
      port: emulator.tls.port,
      host: '127.0.0.1',
      ca: emulator.tls.ca,
      servername: 'localhost',
    });
    await once(idle, 'secureConnect');
    const gone = Promise.all([once(session, 'close'), once(idle.resume(), 'close')]);
    await emulator.stop();
    await emulator.stop();
    await gone;
  });

  it('answers REST over HTTP/1.1', async () => {
    const emulator = await start();
    const client = await emulator.connect('/ws');
    const { port, ca } = emulator.tls;
    const response = await new Promise<number | undefined>((resolve, reject) => {
      httpsRequest(
        {
          host: '127.0.0.1',
          port,
          ca,
          agent: false,
          method: 'POST',
          path: `${REST}/${client.id}:send`,
          headers: { authorization: 'Bearer x' },
        },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      )
        .on('error', reject)
        .end('{"data":"aGk=","type":"TEXT"}');
    });
    expect(response).toBe(200);
    expect(await client.next()).toBe('hi');
  });

  it('answers REST over HTTP/2', async () => {
    const emulator = await start();
    const client = await emulator.connect('/ws');
    const session = http2(emulator);
    const path = `${REST}/${client.id}`;
    const sent = await ask(
      session,
      { ':path': `${path}:send` },
      Buffer.from('{"data":"aGk=","type":"TEXT"}'),
    );
    expect([sent.headers[':status'], String(sent.body)]).toEqual([200, '{}']);
    expect(await client.next()).toBe('hi');
    const told = await ask(session, { ':path': path, ':method': 'GET' });
    expect(JSON.parse(String(told.body))).toMatchObject({ id: client.id });
    const closed = await ask(session, { ':path': path, ':method': 'DELETE' });
    expect(closed.headers[':status']).toBe(200);
    const unknown = await ask(session, { ':path': path, ':method': 'GET' });
    expect(unknown.headers[':status']).toBe(404);
    expect(JSON.parse(String(unknown.body))).toMatchObject({ code: 5 });
  });

  it('serves pages and a helpful 404 over HTTP/2', async () => {
    const emulator = await start({ static: 'test/support' });
    const session = http2(emulator);
    const page = await ask(session, { ':path': '/people.ts', ':method': 'GET' });
    expect(String(page.body)).toContain('fillRoom');
    const missing = await ask(session, { ':path': '/nothing', ':method': 'GET' });
    expect([missing.headers[':status'], String(missing.body)]).toEqual([404, expect.stringContaining('/ws')]);
  });

  it('takes WebSockets', async () => {
    const emulator = await start();
    const socket = new WebSocket(`wss://localhost:${emulator.tls.port}/ws`, { ca: emulator.tls.ca });
    await once(socket, 'open');
    const [id = ''] = emulator.connections();
    const message = once(socket, 'message');
    await grpc(http2(emulator), 'Send', framed(sendMessage(id, Buffer.from('hi'))));
    expect(String((await message)[0])).toBe('hi');
    socket.terminate();
  });
});

describe('gRPC', () => {
  async function connected(options: Partial<EmulatorOptions> = {}) {
    const emulator = await start(options);
    const client = await emulator.connect('/ws', { headers: { 'user-agent': 'test' } });
    return { emulator, client, session: http2(emulator) };
  }

  it('answers a send with headers, an empty message and trailers', async () => {
    const { client, session, emulator } = await connected();
    const answer = await grpc(session, 'Send', framed(sendMessage(client.id, Buffer.from('Привет'))));
    expect(answer.headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
    expect(answer.headers['grpc-status']).toBeUndefined();
    expect(answer.body).toEqual(Buffer.alloc(5));
    expect(answer.trailers).toMatchObject({ 'grpc-status': '0' });
    expect(await client.next()).toBe('Привет');
    expect(emulator.timeline().at(-1)).toMatchObject({
      type: 'send',
      via: 'gRPC',
      connectionId: client.id,
      status: 200,
      bytes: 12,
      frame: 'text',
      level: 'info',
    });
  });

  it.each<[string, number, unknown]>([
    ['TEXT', 2, 'hi'],
    ['BINARY', 1, Buffer.from('hi')],
    ['unspecified', 0, 'hi'],
  ])('puts a frame on the socket for the type %s', async (_name, type, frame) => {
    const { client, session } = await connected();
    await grpc(session, 'Send', framed(sendMessage(client.id, Buffer.from('hi'), type)));
    expect(await client.next()).toEqual(frame);
  });

  it('takes 131,072 bytes', async () => {
    const { client, session } = await connected();
    const data = Buffer.alloc(131_072, 0xff);
    await grpc(session, 'Send', framed(sendMessage(client.id, data, 1)));
    expect((await client.next()) as Buffer).toHaveLength(131_072);
  });

  it('skips fields that it does not know, and takes the last of those that are repeated', async () => {
    const { client, session } = await connected();
    const unknown = Buffer.concat([
      Buffer.from([0x25, 1, 2, 3, 4]), // field 4, fixed32
      Buffer.from([0x29, 1, 2, 3, 4, 5, 6, 7, 8]), // field 5, fixed64
      Buffer.from([0x32, 2, 1, 2]), // field 6, bytes
      Buffer.from([0x38, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), // field 7, varint of -1
      Buffer.from([0xfa, 0xff, 0x01, 0]), // field 4095, empty bytes
    ]);
    const message = Buffer.concat([
      sendMessage('another', Buffer.from('first')),
      unknown,
      sendMessage(client.id, Buffer.from('last')),
    ]);
    const { trailers } = await grpc(session, 'Send', framed(message));
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
    expect(await client.next()).toBe('last');
  });

  const DATA = Buffer.from('x');
  it.each<[string, string, number, number, (id: string) => Buffer, Record<string, string>?]>([
    ['an unknown connection', 'Send', 5, 404, () => framed(sendMessage('nobody', DATA))],
    ['an id of 51 characters', 'Send', 3, 400, () => framed(sendMessage('x'.repeat(51), DATA))],
    ['no id', 'Get', 3, 400, () => framed(Buffer.alloc(0))],
    ['no data', 'Send', 3, 400, (id) => framed(sendMessage(id, Buffer.alloc(0)))],
    ['131,073 bytes', 'Send', 3, 400, (id) => framed(sendMessage(id, Buffer.alloc(131_073)))],
    ['an unknown type', 'Send', 3, 400, (id) => framed(sendMessage(id, DATA, 7))],
    ['no token', 'Send', 16, 401, (id) => framed(sendMessage(id, DATA)), { authorization: '' }],
    [
      'another kind of token',
      'Send',
      16,
      401,
      (id) => framed(sendMessage(id, DATA)),
      { authorization: 'Api-Key x' },
    ],
    ['an unknown method', 'Broadcast', 12, 501, (id) => framed(sendMessage(id, DATA))],
    ['a compressed message', 'Send', 12, 501, (id) => framed(sendMessage(id, DATA), 1)],
    ['no message', 'Send', 13, 500, () => Buffer.alloc(0)],
    ['half a prefix', 'Send', 13, 500, () => Buffer.alloc(3)],
    ['a message that is cut off', 'Send', 13, 500, (id) => framed(sendMessage(id, DATA)).subarray(0, -1)],
    [
      'two messages',
      'Send',
      13,
      500,
      (id) => Buffer.concat([framed(sendMessage(id, DATA)), framed(sendMessage(id, DATA))]),
    ],
    ['a field that is cut off', 'Send', 13, 500, () => framed(Buffer.from([0x0a, 200, 1]))],
    ['a varint without an end', 'Send', 13, 500, () => framed(Buffer.from([0x18, 0xff]))],
    ['a group, which proto3 has not', 'Send', 13, 500, () => framed(Buffer.from([0x0b, 0x0c]))],
    ['more than 4 MiB', 'Send', 8, 429, (id) => framed(sendMessage(id, Buffer.alloc(5_000_000)))],
  ])('refuses %s', async (_name, method, code, status, body, ...[more]) => {
    const { client, session, emulator } = await connected({ grpcErrors: 'trailers' });
    const answer = await grpc(session, method, body(client.id), more);
    expect(answer.headers).toMatchObject({
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(code),
      'grpc-message': expect.any(String),
    });
    const { reason, ...entry } = emulator.timeline().at(-1) ?? {};
    expect(entry).toMatchObject({ via: 'gRPC', status, level: 'warning' });
    expect(decodeURIComponent(String(answer.headers['grpc-message']))).toBe(reason);
    await emulator.idle();
    expect(client.received()).toBe(0);
  });

  it('takes no other token than the configured one, and tells it to nobody', async () => {
    const { client, session, emulator } = await connected({ token: 't1.right', grpcErrors: 'trailers' });
    const body = framed(sendMessage(client.id, DATA));
    const wrong = await grpc(session, 'Send', body, { authorization: 'Bearer t1.wrong' });
    expect(wrong.headers['grpc-status']).toBe('16');
    const right = await grpc(session, 'Send', body, { authorization: 'Bearer t1.right' });
    expect(right.trailers).toMatchObject({ 'grpc-status': '0' });
    expect(JSON.stringify([emulator.timeline(), wrong])).not.toContain('t1.');
  });

  it('can fail in both forms: with response headers first, and with trailers only', async () => {
    const forms = async (grpcErrors: EmulatorOptions['grpcErrors']): Promise<string[]> => {
      const { session } = await connected({ grpcErrors });
      const seen: string[] = [];
      for (let i = 0; i < 4; i++) {
        const { headers, trailers } = await grpc(session, 'Get', framed(Buffer.from([0x0a, 1, 0x61])));
        expect((trailers ?? headers)['grpc-status']).toBe('5');
        seen.push(headers['grpc-status'] === undefined ? 'headers' : 'trailers');
      }
      return seen;
    };
    expect(await forms('headers')).toEqual(['headers', 'headers', 'headers', 'headers']);
    expect(await forms('trailers')).toEqual(['trailers', 'trailers', 'trailers', 'trailers']);
    expect(await forms(undefined)).toEqual(['headers', 'trailers', 'headers', 'trailers']);
  });

  it('encodes messages as the specification says and no further', async () => {
    const { session } = await connected({ grpcErrors: 'trailers' });
    const id = 'a:b=%/ф';
    const { headers } = await grpc(
      session,
      'Get',
      framed(Buffer.concat([Buffer.from([0x0a, 8]), Buffer.from(id)])),
    );
    expect(headers['grpc-message']).toBe('Connection a:b=%25/%D1%84 not found');
  });

  it('warns of a text that is no UTF-8, as it comes from a string that the SDK took for base64', async () => {
    const { client, session, emulator } = await connected();
    await grpc(session, 'Send', framed(sendMessage(client.id, Buffer.from('{"a":1}', 'base64').fill(0xff))));
    expect(emulator.timeline().find(({ type }) => type === 'send')).toMatchObject({
      level: 'warning',
      reason: expect.stringContaining('give it a Buffer'),
    });
  });

  it('answers 500 calls at once on one connection', async () => {
    const { client, session } = await connected();
    const body = framed(sendMessage(client.id, Buffer.from('x')));
    const answers = await Promise.all(Array.from({ length: 500 }, () => grpc(session, 'Send', body)));
    expect(answers.filter(({ trailers }) => trailers?.['grpc-status'] === '0')).toHaveLength(500);
    for (let i = 0; i < 500; i++) await client.next();
  });
});
