/**
 * Our HTTP/2 sessions against servers that other people wrote; and node:http2, to which they fall back,
 * likewise.
 */
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { BroadcastError, Transport } from 'yc-broadcast';
import { grpcTransport } from 'yc-broadcast/transports/grpc';
import { connect } from '../../src/http2/connect.js';
import { createExchange, type Exchange } from '../../src/http2/exchange.js';
import { createReadBuffer } from '../../src/http2/read-buffer.js';
import { createNodeSession } from '../../src/http2/node-session.js';
import { createOwnSession } from '../../src/http2/own-session.js';
import type { Session, SessionEvents } from '../../src/http2/session.js';
import { localCertificate, type Certificate } from '../support/certificate.js';
import {
  apache,
  haproxy,
  nghttpd,
  nginx,
  type ServerKind,
  type ThirdParty,
  type ThirdPartyOptions,
} from '../support/third-party.js';

let certificate: Certificate;
const cleanups: (() => void | Promise<void>)[] = [];
const IN_TIME = { timeoutMs: 10_000 };

beforeAll(async () => {
  certificate = await localCertificate();
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** Node's own server, which answers when it has read the body. */
const node: ServerKind = {
  name: 'node:http2',
  program: process.execPath,
  async start({ key, cert }, { maxStreams = 100, grpcStatus = 0 } = {}) {
    const server = createSecureServer({ key, cert, settings: { maxConcurrentStreams: maxStreams } });
    const sessions = new Set<{ close(): void }>();
    server.on('session', (session) => sessions.add(session));
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.resume().once('end', () => {
        stream.respond({ ':status': 200, 'grpc-status': grpcStatus }, { endStream: true });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      endpoint: `https://localhost:${(server.address() as AddressInfo).port}`,
      reload: () => {
        for (const session of sessions) session.close();
      },
      async close() {
        server.close();
        for (const session of sessions) session.close();
        await once(server, 'close');
      },
    };
  },
};

const kinds = [nginx, nghttpd, apache, haproxy, node];
const installed = kinds.filter(({ program }) => program !== undefined);

async function started(
  server: ServerKind,
  options?: ThirdPartyOptions,
): Promise<ThirdParty & { transport: Transport }> {
  const running = await server.start(certificate, options);
  cleanups.push(running.close);
  const transport = grpcTransport({
    endpoint: running.endpoint,
    ca: certificate.cert,
    token: 'x'.repeat(300),
  });
  cleanups.push(transport.close);
  // A fall-back would hide that our own session failed.
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    throw new Error(String(warning));
  });
  return { ...running, transport };
}

/** Sends so many, so many at a time, and returns what became of them. */
async function sendMany(
  transport: Transport,
  count: number,
  atOnce: number,
  payload = 'x'.repeat(200),
): Promise<Map<string, number>> {
  const encoded = transport.encode(payload);
  const outcomes = new Map<string, number>();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const outcome = await transport.send(`connection-${left}`, encoded, IN_TIME).then(() => 'ok', String);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}

describe.each(installed.map((server) => [server.name, server] as const))('%s', (_name, server) => {
  it('answers thousands of sends, a hundred at a time', async () => {
    const { transport } = await started(server);
    expect(await sendMany(transport, 3000, 100)).toEqual(new Map([['ok', 3000]]));
  });

  it('takes the largest payload, many at a time', async () => {
    const { transport } = await started(server);
    expect(await sendMany(transport, 60, 20, 'x'.repeat(131_072))).toEqual(new Map([['ok', 60]]));
  });

  it('is not asked for more streams at once than it allows', async () => {
    const { transport } = await started(server, { maxStreams: 3 });
    expect(await sendMany(transport, 400, 60)).toEqual(new Map([['ok', 400]]));
  });

  it('is understood when it refuses', async () => {
    const { transport } = await started(server, { grpcStatus: 5 });
    const outcomes = await sendMany(transport, 20, 5);
    expect([...outcomes]).toEqual([['BroadcastError: CONNECTION_STALE: the gateway answered NOT_FOUND', 20]]);
  });

  it('serves the fallback as well', async () => {
    const { endpoint } = await started(server);
    for (const payload of ['x', 'x'.repeat(131_072)]) {
      expect(await exchangeOn('node', endpoint, payload)).toMatchObject({ status: 200, grpcStatus: '0' });
      expect(await exchangeOn('own', endpoint, payload)).toMatchObject({ status: 200, grpcStatus: '0' });
    }
  });
});

describe('sessions that end by the will of the server', () => {
  it('lose nothing when nginx wants a new connection after every ten requests', async () => {
    if (nginx.program === undefined) return;
    const { transport } = await started(nginx, { requestsPerSession: 10 });
    expect(await sendMany(transport, 500, 5)).toEqual(new Map([['ok', 500]]));
  });

  it.each(
    installed
      .filter(({ name }) => name === 'nginx' || name === 'node:http2')
      .map((server) => [server.name, server] as const),
  )('lose nothing when %s is told to begin anew', async (_name, server) => {
    const { transport, reload } = await started(server);
    const sending = sendMany(transport, 4000, 20);
    await transport.send('c1', transport.encode('x'), IN_TIME);
    reload();
    expect(await sending).toEqual(new Map([['ok', 4000]]));
  });
});

describe('nghttpd in its odder moods', () => {
  it.each([
    ['padding every frame', '--padding=200'],
    ['a small window', '--window-bits=6'],
    ['a small window for the connection', '--connection-window-bits=16'],
    ['no header table', '--header-table-size=0'],
    ['a small header table', '--header-table-size=256'],
    ['a large header table', '--header-table-size=65536'],
  ])('%s', async (_what, argument) => {
    if (nghttpd.program === undefined) return;
    const { transport } = await started(nghttpd, { args: [argument] });
    expect(await sendMany(transport, 300, 50)).toEqual(new Map([['ok', 300]]));
    expect(await sendMany(transport, 10, 5, 'x'.repeat(100_000))).toEqual(new Map([['ok', 10]]));
  });
});

describe('a session', () => {
  it.each(['own', 'node'] as const)(
    'of our %s kind is asked whether it lives, expires, cancels and closes',
    async (which) => {
      const server = createSecureServer({ key: certificate.key, cert: certificate.cert });
      server.on('stream', () => undefined);
      server.listen(0, '127.0.0.1');
      cleanups.push(() => void server.close());
      await once(server, 'listening');
      const events = recorder();
      const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
      const session = await openSession(which, endpoint, events.handlers);
      await events.untilRoom();
      session.probe();
      expect([session.hasRoom(), session.isPending()]).toEqual([false, true]);
      await events.untilRoom();
      expect([session.hasRoom(), session.hasCarried()]).toEqual([true, false]);

      const [expiring, cancelled, left] = [1000, 2000, 3000].map((endsAt) => newExchange('x', { endsAt }));
      for (const exchange of [expiring, cancelled, left]) session.open(exchange as Exchange);
      expect(session.hasCarried()).toBe(true);
      expect(session.expire(1500)).toBe(2000);
      session.cancel(cancelled as Exchange);
      expect(session.expire(1500)).toBe(3000);
      session.close();
      await events.untilEnd();
      expect(events.told).toEqual([
        'NO_ANSWER: no answer within the time limit of the attempt',
        'NO_ANSWER: the transport was closed',
        'closed: the transport was closed',
      ]);
    },
  );

  it('that has used up its numbers ends, and another one goes on', async () => {
    const { endpoint } = await node.start(certificate).then((running) => {
      cleanups.push(running.close);
      return running;
    });
    const events = recorder();
    const session = await openSession('own', endpoint, events.handlers, 2 ** 31 - 3);
    await events.untilRoom();
    const answers = [0, 1].map(() => {
      expect(session.hasRoom()).toBe(true);
      return new Promise((onAnswer, onFailure) => {
        session.open(newExchange('x', { onAnswer, onFailure }));
      });
    });
    expect(session.hasRoom()).toBe(false);
    expect(await Promise.all(answers)).toMatchObject([{ status: 200 }, { status: 200 }]);
    await events.untilEnd();
    expect(events.told).toEqual(['lost: the gateway closed the connection']);
  });
});

function newExchange(payload: string, more: Partial<Exchange>): Exchange {
  return createExchange({
    template: {
      path: '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/Send',
      headers: [['content-type', 'application/grpc']],
      wantsBody: true,
    },
    token: 'secret',
    head: Buffer.from('head'),
    tail: Buffer.from(payload),
    endsAt: Infinity,
    signal: undefined,
    onAnswer: () => undefined,
    onFailure: () => undefined,
    ...more,
  });
}

/** Notes what a session tells, and passes answers and failures on. */
function recorder() {
  const told: string[] = [];
  let onRoom: () => void = () => undefined;
  let onEnd: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (onEnd = resolve));
  const handlers: SessionEvents = {
    onAnswer: (exchange, answer) => {
      exchange.onAnswer(answer);
    },
    onFailure: (exchange, error: BroadcastError) => {
      told.push(error.message);
      exchange.onFailure(error);
    },
    onReturned: () => told.push('returned'),
    onRoom: () => {
      onRoom();
    },
    onEnd: ({ why, message }) => {
      told.push(`${why}: ${message}`);
      onEnd();
    },
  };
  const untilRoom = (): Promise<void> => new Promise((resolve) => (onRoom = resolve));
  return { told, handlers, untilRoom, untilEnd: () => ended };
}

async function openSession(
  which: 'own' | 'node',
  endpoint: string,
  events: SessionEvents,
  firstStreamId?: number,
): Promise<Session> {
  const { host, hostname, port } = new URL(endpoint);
  const origin = { scheme: 'https' as const, authority: host };
  const target = { ...origin, host: hostname, port: Number(port), ca: () => certificate.cert };
  const readBuffer = createReadBuffer();
  const session =
    which === 'own'
      ? createOwnSession(await connect(target, readBuffer), readBuffer, origin, events, firstStreamId)
      : createNodeSession(http2, await connect(target), origin, events);
  cleanups.push(() => {
    session.close();
  });
  return session;
}

async function exchangeOn(which: 'own' | 'node', endpoint: string, payload: string): Promise<unknown> {
  const events = recorder();
  const session = await openSession(which, endpoint, events.handlers);
  while (!session.hasRoom()) await events.untilRoom();
  return new Promise((onAnswer, onFailure) => {
    session.open(newExchange(payload, { onAnswer, onFailure }));
  });
}
