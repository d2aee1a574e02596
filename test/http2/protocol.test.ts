/** What the gRPC transport does in situations of HTTP/2 that ordinary servers hardly ever bring about. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Transport } from 'yc-broadcast';
import { grpcTransport } from 'yc-broadcast/transports/grpc';
import {
  ACK,
  answer,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  field,
  frame,
  goAway,
  HEADERS,
  number,
  PADDED,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  reset,
  RST_STREAM,
  scriptedServer,
  SETTINGS,
  settings,
  STATUS_200,
  WINDOW_UPDATE,
  type Peer,
  type ScriptedServer,
} from '../support/http2-script.js';

const HEADER_TABLE_SIZE = 1;
const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW_SIZE = 4;
const NO_ERROR = 0;
const PROTOCOL_ERROR = 1;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const ENHANCE_YOUR_CALM = 11;

let server: ScriptedServer;
let transport: Transport;

beforeEach(async () => {
  server = await scriptedServer();
  transport = grpcTransport({ endpoint: server.endpoint, token: 'secret-token' });
});

afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await transport.close();
  await server.close();
});

function send(text = 'hello', timeoutMs = 5000): Promise<void> {
  return transport.send('c1', transport.encode(text), { timeoutMs });
}

/** A send under way, seen from both sides. */
async function sendTo(peer: Peer, text?: string) {
  const outcome = outcomeOf(send(text));
  const { streamId } = await peer.next(HEADERS);
  return { outcome, streamId };
}

/** Settled promises: `ok`, or the error's code and message. */
function outcomeOf(sending: Promise<void>): Promise<string> {
  return sending.then(
    () => 'ok',
    (error: unknown) => String(error).replace('BroadcastError: ', ''),
  );
}

/** Lets the clock run on, as it does while an instance is paused. Timers are the real ones. */
function pauseFor(ms: number): void {
  const now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now + ms);
}

describe('settings', () => {
  it('waits for them before the first request, and acknowledges them', async () => {
    const outcome = outcomeOf(send());
    const peer = await server.accept();
    await peer.next(SETTINGS);
    await peer.next(WINDOW_UPDATE);
    expect(peer.waiting).toEqual([]);
    peer.send(settings());
    expect((await peer.next(SETTINGS)).flags).toBe(ACK);
    peer.send(answer((await peer.next(HEADERS)).streamId));
    expect(await outcome).toBe('ok');
  });

  it('opens another session for what exceeds the concurrent streams of one', async () => {
    const outcomes = Array.from({ length: 3 }, () => outcomeOf(send()));
    const first = await server.greet([MAX_CONCURRENT_STREAMS, 2]);
    const taken = [await first.next(HEADERS), await first.next(HEADERS)];
    const second = await server.greet();
    second.send(answer((await second.next(HEADERS)).streamId));
    first.send(...taken.map(({ streamId }) => answer(streamId)));
    expect(await Promise.all(outcomes)).toEqual(['ok', 'ok', 'ok']);
    expect(server.connections()).toBe(2);
  });

  it('follows a limit of streams that changes', async () => {
    const outcome = outcomeOf(send());
    const peer = await server.greet([MAX_CONCURRENT_STREAMS, 0]);
    // The session has no room, so another one is tried: it has none either until it says so.
    const other = await server.greet([MAX_CONCURRENT_STREAMS, 0]);
    expect([...peer.waiting, ...other.waiting].some(({ type }) => type === HEADERS)).toBe(false);
    peer.send(settings([MAX_CONCURRENT_STREAMS, 1]));
    peer.send(answer((await peer.next(HEADERS)).streamId));
    expect(await outcome).toBe('ok');
  });

  it('keeps out of the header table when it shrinks, and says so', async () => {
    const outcome = outcomeOf(send());
    const peer = await server.greet();
    peer.send(answer((await peer.next(HEADERS)).streamId));
    await outcome;
    const second = await sendTo(peer);
    peer.send(settings([HEADER_TABLE_SIZE, 0]), answer(second.streamId));
    await second.outcome;
    const third = outcomeOf(send());
    const { payload, streamId } = await peer.next(HEADERS);
    expect(payload[0]).toBe(0x20);
    expect(payload.includes('secret-token')).toBe(true);
    peer.send(answer(streamId));
    expect(await third).toBe('ok');
  });

  it('names a token once, and refers to it from then on', async () => {
    const lengths: number[] = [];
    let outcome = outcomeOf(send());
    const peer = await server.greet();
    for (let i = 0; i < 3; i++) {
      const { payload, streamId } = await peer.next(HEADERS);
      lengths.push(payload.length);
      peer.send(answer(streamId));
      expect(await outcome).toBe('ok');
      outcome = outcomeOf(send());
    }
    expect(lengths[0]).toBeGreaterThan(100);
    expect(lengths.slice(1)).toEqual([8, 8]);
  });
});

describe('flow control', () => {
  it('sends a body as far as the windows allow, and goes on when they open', async () => {
    const outcome = outcomeOf(send('x'.repeat(1000)));
    const peer = await server.greet([INITIAL_WINDOW_SIZE, 100]);
    const { streamId } = await peer.next(HEADERS);
    expect((await peer.next(DATA)).payload).toHaveLength(100);
    peer.send(frame(WINDOW_UPDATE, 0, streamId, number(50)));
    expect((await peer.next(DATA)).payload).toHaveLength(50);
    peer.send(settings([INITIAL_WINDOW_SIZE, 400]));
    expect((await peer.next(DATA)).payload).toHaveLength(300);
    peer.send(settings([INITIAL_WINDOW_SIZE, 10]), frame(WINDOW_UPDATE, 0, streamId, number(400)));
    expect((await peer.next(DATA)).payload).toHaveLength(10);
    peer.send(frame(WINDOW_UPDATE, 0, streamId, number(5000)));
    const last = await peer.next(DATA);
    expect(last.flags).toBe(END_STREAM);
    peer.send(answer(streamId));
    expect(await outcome).toBe('ok');
  });

  it('keeps within the window of the connection', async () => {
    const outcome = outcomeOf(send('x'.repeat(100_000)));
    const peer = await server.greet([INITIAL_WINDOW_SIZE, 1_000_000]);
    const { streamId } = await peer.next(HEADERS);
    let received = 0;
    while (received < 65_535) received += (await peer.next(DATA)).payload.length;
    expect(received).toBe(65_535);
    const ping = peer.next(PING);
    peer.send(frame(PING, 0, 0, Buffer.alloc(8)));
    await ping;
    expect(peer.waiting.filter(({ type }) => type === DATA)).toEqual([]);
    peer.send(frame(WINDOW_UPDATE, 0, 0, number(100_000)));
    for (let flags = 0; flags !== END_STREAM;) ({ flags } = await peer.next(DATA));
    peer.send(answer(streamId));
    expect(await outcome).toBe('ok');
  });

  it('sends something after a WINDOW_UPDATE, once for each request, so that TCP acknowledges it at once', async () => {
    const outcome = outcomeOf(send('x'.repeat(20_000)));
    const peer = await server.greet();
    const { streamId } = await peer.next(HEADERS);
    // The one that opens the connection's window.
    await peer.next(WINDOW_UPDATE);
    peer.send(frame(WINDOW_UPDATE, 0, 0, number(20_000)));
    const touch = await peer.next(WINDOW_UPDATE);
    expect([touch.streamId, touch.payload]).toEqual([0, number(1)]);
    peer.send(frame(WINDOW_UPDATE, 0, 0, number(20_000)));
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    peer.send(frame(PING, 0, 0, Buffer.alloc(8)));
    await peer.next(PING);
    peer.send(answer(streamId));
    expect(await outcome).toBe('ok');
    const next = await sendTo(peer);
    expect(peer.waiting.filter(({ type }) => type === WINDOW_UPDATE)).toEqual([]);
    peer.send(answer(next.streamId));
    expect(await next.outcome).toBe('ok');
  });

  it('widens its own windows while a long answer comes', async () => {
    const info = transport.get('c1', { timeoutMs: 5000 }).catch(String);
    const peer = await server.greet();
    await peer.next(WINDOW_UPDATE);
    const { streamId } = await peer.next(HEADERS);
    peer.send(frame(HEADERS, END_HEADERS, streamId, STATUS_200));
    for (let i = 0; i < 8; i++) {
      peer.send(frame(DATA, 0, streamId, Buffer.alloc(16_000)));
      if (i % 3 === 2) expect((await peer.next(WINDOW_UPDATE)).streamId).toBe(streamId);
    }
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, streamId, field('grpc-status', '0')));
    expect(await info).toContain('UNKNOWN');
  });
});

describe('answers in every form', () => {
  it('reads trailers, padding, priority, continuation, interim answers and strange frames', async () => {
    const outcome = outcomeOf(send());
    const peer = await server.greet();
    const { streamId } = await peer.next(HEADERS);
    const status = Buffer.concat([STATUS_200, field('x-other', 'value')]);
    const trailers = Buffer.concat([field('grpc-status', '5'), field('grpc-message', 'not%20here')]);
    peer.send(
      frame(PRIORITY, 0, streamId, Buffer.alloc(5)),
      frame(0xfa, 0xff, streamId, Buffer.from('an extension')),
      frame(HEADERS, END_HEADERS, streamId, field(':status', '103')),
      frame(
        HEADERS,
        PADDED | 0x20,
        streamId,
        Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 16), status, Buffer.alloc(3)]),
      ),
      frame(CONTINUATION, END_HEADERS, streamId),
      frame(DATA, PADDED, streamId, Buffer.concat([Buffer.of(2), Buffer.alloc(5), Buffer.alloc(2)])),
      frame(HEADERS, END_STREAM, streamId, trailers.subarray(0, 4)),
      frame(CONTINUATION, 0, streamId, trailers.subarray(4, 20)),
      frame(CONTINUATION, END_HEADERS, streamId, trailers.subarray(20)),
    );
    expect(await outcome).toBe('CONNECTION_STALE: the gateway answered NOT_FOUND: not here');
  });

  it('reads a status that is compressed with the Huffman code', async () => {
    const outcome = outcomeOf(send());
    const peer = await server.greet();
    const { streamId } = await peer.next(HEADERS);
    // RFC 7541, C.6.1: `:status: 302` as an indexed name and "302" in two bytes.
    peer.send(frame(HEADERS, END_HEADERS | END_STREAM, streamId, Buffer.from('48826402', 'hex')));
    expect(await outcome).toBe('UNKNOWN: the answer has HTTP status 302 and no gRPC status');
  });

  it('understands a server that keeps a table of headers although we asked for none', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { peer } = await readySession();
    const kept = Buffer.concat([
      Buffer.of(0x40, 11),
      Buffer.from('grpc-status'),
      Buffer.of(1),
      Buffer.from('5'),
    ]);
    const ends = END_HEADERS | END_STREAM;
    // The entry is made by an answer that nobody waits for any more.
    const late = outcomeOf(send('late', 50));
    const { streamId } = await peer.next(HEADERS);
    expect(await late).toContain('NO_ANSWER');
    peer.send(frame(HEADERS, ends, streamId, Buffer.concat([STATUS_200, kept])));
    peer.send(frame(PING, ACK, 0, (await peer.next(PING)).payload));
    const next = await sendTo(peer);
    peer.send(frame(HEADERS, ends, next.streamId, Buffer.concat([STATUS_200, Buffer.of(0x80 | 62)])));
    expect(await next.outcome).toBe('CONNECTION_STALE: the gateway answered NOT_FOUND');
    expect(emitWarning).not.toHaveBeenCalled();
    expect(server.connections()).toBe(1);
  });

  it('reads an answer that arrives byte by byte', async () => {
    const outcome = outcomeOf(send());
    const peer = await server.greet();
    peer.socket.setNoDelay(true);
    for (const byte of answer((await peer.next(HEADERS)).streamId, '14')) {
      peer.send(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect(await outcome).toBe('GATEWAY_UNAVAILABLE: the gateway answered UNAVAILABLE');
  });

  it('answers pings', async () => {
    const { peer } = await readySession();
    peer.send(frame(PING, 0, 0, Buffer.from('12345678')));
    const { flags, payload } = await peer.next(PING);
    expect([flags, payload.toString()]).toEqual([ACK, '12345678']);
  });

  it('takes an answer that comes before the request has left, and ignores the reset behind it', async () => {
    const outcome = outcomeOf(send('x'.repeat(1000)));
    const peer = await server.greet([INITIAL_WINDOW_SIZE, 100]);
    const { streamId } = await peer.next(HEADERS);
    await peer.next(DATA);
    peer.send(answer(streamId), reset(streamId, NO_ERROR));
    expect(await outcome).toBe('ok');
    expect((await peer.next(RST_STREAM)).payload).toEqual(number(NO_ERROR));
    const next = await sendTo(peer, 'short');
    peer.send(answer(next.streamId));
    expect(await next.outcome).toBe('ok');
    expect(server.connections()).toBe(1);
  });
});

async function readySession(): Promise<{ peer: Peer }> {
  const outcome = outcomeOf(send());
  const peer = await server.greet();
  peer.send(answer((await peer.next(HEADERS)).streamId));
  expect(await outcome).toBe('ok');
  return { peer };
}

describe('requests that the gateway gives back', () => {
  it('sends a refused one again, elsewhere as long as this session is busy', async () => {
    const { peer } = await readySession();
    const busy = await sendTo(peer);
    const refused = await sendTo(peer);
    peer.send(reset(refused.streamId, REFUSED_STREAM));
    const other = await server.greet();
    other.send(answer((await other.next(HEADERS)).streamId));
    expect(await refused.outcome).toBe('ok');
    peer.send(answer(busy.streamId));
    expect(await busy.outcome).toBe('ok');
  });

  it('gives up when it comes back again and again, and says that it was not executed', async () => {
    const outcome = outcomeOf(send());
    const peer = await server.greet();
    for (let i = 0; i < 3; i++) peer.send(reset((await peer.next(HEADERS)).streamId, REFUSED_STREAM));
    expect(await outcome).toBe('GATEWAY_UNAVAILABLE: the gateway refused the request before processing it');
  });

  it('waits for what a leaving session has taken, and sends the rest over another', async () => {
    const { peer } = await readySession();
    const kept = await sendTo(peer);
    const untouched = await sendTo(peer);
    peer.send(goAway(kept.streamId));
    const other = await server.greet();
    other.send(answer((await other.next(HEADERS)).streamId));
    expect(await untouched.outcome).toBe('ok');
    peer.send(answer(kept.streamId));
    expect(await kept.outcome).toBe('ok');
    await once(peer.socket, 'close');
  });

  it('takes no new request to a session that announced its end', async () => {
    const { peer } = await readySession();
    const kept = await sendTo(peer);
    peer.send(goAway(2 ** 31 - 1), frame(PING, 0, 0, Buffer.alloc(8)));
    await peer.next(PING);
    const outcome = outcomeOf(send());
    const other = await server.greet();
    other.send(answer((await other.next(HEADERS)).streamId));
    expect(await outcome).toBe('ok');
    peer.send(answer(kept.streamId));
    expect(await kept.outcome).toBe('ok');
  });

  it.each([
    [CANCEL, 'NO_ANSWER'],
    [NO_ERROR, 'NO_ANSWER'],
    [ENHANCE_YOUR_CALM, 'RATE_LIMITED'],
  ])('does not send a request again that was reset with code %i', async (code, expected) => {
    const { peer } = await readySession();
    const { outcome, streamId } = await sendTo(peer);
    peer.send(reset(streamId, code));
    expect(await outcome).toBe(`${expected}: the gateway reset the request (HTTP/2 code ${code})`);
    const next = await sendTo(peer);
    peer.send(answer(next.streamId));
    expect(await next.outcome).toBe('ok');
  });
});

describe('connections that end', () => {
  it('does not know what became of requests when the connection breaks', async () => {
    const { peer } = await readySession();
    const { outcome } = await sendTo(peer);
    peer.socket.resetAndDestroy();
    expect(await outcome).toBe('NO_ANSWER: the connection to the gateway broke (ECONNRESET)');
    const again = outcomeOf(send());
    const other = await server.greet();
    other.send(answer((await other.next(HEADERS)).streamId));
    expect(await again).toBe('ok');
  });

  it('notices when the other side closes an idle connection', async () => {
    const { peer } = await readySession();
    peer.socket.end();
    await once(peer.socket, 'close');
    const again = outcomeOf(send());
    const other = await server.greet();
    other.send(answer((await other.next(HEADERS)).streamId));
    expect(await again).toBe('ok');
  });

  it('asks a connection that was silent for long whether it lives', async () => {
    const { peer } = await readySession();
    pauseFor(11_000);
    const outcome = outcomeOf(send());
    const ping = await peer.next(PING);
    expect(peer.waiting.filter(({ type }) => type === HEADERS)).toEqual([]);
    peer.send(frame(PING, ACK, 0, ping.payload));
    peer.send(answer((await peer.next(HEADERS)).streamId));
    expect(await outcome).toBe('ok');
    expect(server.connections()).toBe(1);
  });

  it('leaves a connection that died meanwhile, and loses nothing', async () => {
    const { peer } = await readySession();
    pauseFor(11_000);
    const outcome = outcomeOf(send());
    await peer.next(PING);
    const other = await server.greet();
    other.send(answer((await other.next(HEADERS)).streamId));
    expect(await outcome).toBe('ok');
    expect(peer.waiting.filter(({ type }) => type === HEADERS)).toEqual([]);
  });

  it('says that a request was not carried out when the gateway closes before it greets', async () => {
    const outcome = outcomeOf(send());
    (await server.accept()).socket.destroy();
    expect(await outcome).toMatch(/^GATEWAY_UNAVAILABLE: the connection to the gateway (ended|broke)/);
  });

  it('does not wait for ever for a greeting', async () => {
    const outcome = outcomeOf(send('hello', 100));
    await server.accept();
    expect(await outcome).toBe(
      'GATEWAY_UNAVAILABLE: no connection became free within the time limit of the attempt',
    );
  });
});

describe('time and patience', () => {
  it('ends an attempt in time, tells the gateway, and ignores a late answer', async () => {
    const { peer } = await readySession();
    const outcome = outcomeOf(send('hello', 50));
    const { streamId } = await peer.next(HEADERS);
    expect(await outcome).toBe('NO_ANSWER: no answer within the time limit of the attempt');
    expect((await peer.next(RST_STREAM)).payload).toEqual(number(CANCEL));
    const next = sendTo(peer);
    peer.send(frame(PING, ACK, 0, (await peer.next(PING)).payload));
    peer.send(answer(streamId), answer((await next).streamId));
    expect(await (await next).outcome).toBe('ok');
  });

  it('leaves a connection on which a request stayed without an answer, before the next attempt', async () => {
    const { peer } = await readySession();
    expect(await outcomeOf(send('hello', 50))).toBe(
      'NO_ANSWER: no answer within the time limit of the attempt',
    );
    const again = outcomeOf(send('again'));
    await peer.next(PING);
    const other = await server.greet();
    other.send(answer((await other.next(HEADERS)).streamId));
    expect(await again).toBe('ok');
    // The request that timed out is the only one that the silent connection ever got.
    await peer.next(HEADERS);
    expect(peer.waiting.filter(({ type }) => type === HEADERS)).toEqual([]);
  });

  it('stays with a connection that has answered others meanwhile', async () => {
    const { peer } = await readySession();
    const slow = outcomeOf(send('slow', 100));
    await peer.next(HEADERS);
    const quick = await sendTo(peer);
    peer.send(answer(quick.streamId));
    expect(await quick.outcome).toBe('ok');
    expect(await slow).toContain('NO_ANSWER');
    const next = await sendTo(peer);
    peer.send(answer(next.streamId));
    expect(await next.outcome).toBe('ok');
    expect(peer.waiting.filter(({ type }) => type === PING)).toEqual([]);
  });

  it('gives every attempt its own time, the shorter one first', async () => {
    const { peer } = await readySession();
    const long = outcomeOf(send('long', 5000));
    const short = outcomeOf(send('short', 50));
    const { streamId } = await peer.next(HEADERS);
    expect(await short).toContain('NO_ANSWER');
    peer.send(answer(streamId));
    expect(await long).toBe('ok');
  });

  it('counts an answer that has arrived, however late its turn comes', async () => {
    const { peer } = await readySession();
    const outcome = outcomeOf(send('hello', 50));
    const { streamId } = await peer.next(HEADERS);
    peer.send(answer(streamId));
    for (const until = performance.now() + 100; performance.now() < until;);
    expect(await outcome).toBe('ok');
  });

  it('aborts what is under way and what waits', async () => {
    const { peer } = await readySession();
    peer.send(settings([MAX_CONCURRENT_STREAMS, 1]), frame(PING, 0, 0, Buffer.alloc(8)));
    await peer.next(PING);
    const { signal, abort } = aborting();
    const sends = ['under way', 'waiting'].map((text) =>
      outcomeOf(transport.send('c1', transport.encode(text), { timeoutMs: 5000, signal })),
    );
    await peer.next(HEADERS);
    abort();
    expect(await Promise.all(sends)).toEqual(Array(2).fill('ABORTED: the attempt was aborted'));
    expect((await peer.next(RST_STREAM)).payload).toEqual(number(CANCEL));
    expect(
      await outcomeOf(transport.send('c1', transport.encode('late'), { timeoutMs: 5000, signal })),
    ).toContain('ABORTED');
  });
});

function aborting(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: () => {
      controller.abort();
    },
  };
}

describe('a peer that asks and does not read', () => {
  it.each([
    ['PING', frame(PING, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', settings()],
  ])('ends the session after a bound of %s frames, without node:http2', async (_type, question) => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { peer } = await readySession();
    const { outcome } = await sendTo(peer);
    peer.socket.pause();
    const flood = Buffer.concat(Array<Buffer>(50_000).fill(question));
    const flooding = { isOver: false };
    void outcome.then(() => (flooding.isOver = true));
    // The kernel keeps some megabytes of answers before the client has to.
    for (let megabytes = 0; !flooding.isOver && megabytes < 64; megabytes++) {
      if (!peer.socket.write(flood)) await Promise.race([once(peer.socket, 'drain'), outcome]);
    }
    expect(await outcome).toBe('NO_ANSWER: the gateway asks for more answers (PING, SETTINGS) than it reads');
    const again = outcomeOf(send());
    const other = await server.greet();
    other.send(answer((await other.next(HEADERS)).streamId));
    expect(await again).toBe('ok');
    expect(emitWarning).not.toHaveBeenCalled();
  });
});

describe('what it does not understand', () => {
  const nonsense: readonly (readonly [string, (streamId: number) => Buffer])[] = [
    ['a frame that is too large', (id) => frame(DATA, 0, id, Buffer.alloc(16_385))],
    ['a push', (id) => frame(PUSH_PROMISE, END_HEADERS, id, number(2))],
    ['data before headers', (id) => frame(DATA, 0, id, Buffer.alloc(1))],
    ['a stream that was never opened', () => answer(4001)],
    ['a continuation of nothing', (id) => frame(CONTINUATION, END_HEADERS, id)],
    [
      'an interrupted header block',
      (id) => Buffer.concat([frame(HEADERS, 0, id), frame(PING, 0, 0, Buffer.alloc(8))]),
    ],
    ['an index beyond the table', (id) => frame(HEADERS, END_HEADERS, id, Buffer.of(0xff, 0x20))],
    ['an answer without a status', (id) => frame(HEADERS, END_HEADERS | END_STREAM, id)],
    ['padding longer than its frame', (id) => frame(HEADERS, END_HEADERS | PADDED, id, Buffer.of(9, 0x88))],
    ['a ping of a wrong length', () => frame(PING, 0, 0, Buffer.alloc(7))],
    ['settings on a stream', (id) => frame(SETTINGS, 0, id)],
    ['a window that opens by nothing', () => frame(WINDOW_UPDATE, 0, 0, number(0))],
    ['a window that is too wide', () => frame(WINDOW_UPDATE, 0, 0, number(0x7fffffff))],
  ];

  it.each(nonsense)('ends the session and goes on with node:http2 after %s', async (_what, bytes) => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { peer } = await readySession();
    const { outcome, streamId } = await sendTo(peer);
    peer.send(bytes(streamId));
    expect(await outcome).toMatch(/^NO_ANSWER: HTTP\/2: /);
    expect(emitWarning).toHaveBeenCalledTimes(1);

    const again = outcomeOf(send());
    const other = await server.greet();
    const { payload, streamId: second } = await other.next(HEADERS);
    // nghttp2 compresses what our own session leaves plain.
    expect(payload.includes('secret-token')).toBe(false);
    other.send(answer(second));
    expect(await again).toBe('ok');
    expect(emitWarning).toHaveBeenCalledTimes(1);
  });

  it('takes a complaint of the gateway about its own frames for a reason, too', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { peer } = await readySession();
    const { outcome, streamId } = await sendTo(peer);
    peer.send(goAway(streamId, PROTOCOL_ERROR));
    peer.socket.end();
    expect(await outcome).toBe('NO_ANSWER: HTTP/2: the gateway reported an error of this client (code 1)');
    expect(emitWarning).toHaveBeenCalledTimes(1);
  });

  it('says that nothing was carried out by a server that speaks something else', async () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const outcome = outcomeOf(send('hello', 2000));
    const foreign = Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n');
    (await server.accept()).send(foreign);
    (await server.accept()).send(foreign);
    expect(await outcome).toMatch(/^GATEWAY_UNAVAILABLE/);
  });

  it('names HTTP/1.1 for what it is, and does not try node:http2 on it', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const outcome = outcomeOf(send());
    (await server.accept()).send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await outcome).toBe(
      'GATEWAY_UNAVAILABLE: the gateway does not speak HTTP/2 at this address; restTransport() works without HTTP/2',
    );
    expect(emitWarning).not.toHaveBeenCalled();
    expect(server.connections()).toBe(1);
  });
});
