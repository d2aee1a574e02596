import type { Duplex } from 'node:stream';
import { BroadcastError } from '../base/errors.js';
import { createAnswers } from './answers.js';
import { createDownloads } from './downloads.js';
import { answerOf, resetExchange, type Exchange } from './exchange.js';
import { createFrameRouter, type FrameHandlers } from './frame-router.js';
import {
  ACK,
  createFrameReader,
  DATA,
  END_STREAM,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
} from './frames.js';
import type { ReadBuffer } from './read-buffer.js';
import { createWriteBuffer } from './write-buffer.js';
import {
  CANCEL,
  INTERNAL_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  ProtocolFailure,
  REFUSED_STREAM,
} from './protocol-failure.js';
import { createRequestWriter, type Origin } from './request-writer.js';
import { errorOfReset, isComplaint } from './resets.js';
import {
  GREETING_TIMEOUT_MS,
  PROBE_TIMEOUT_MS,
  type Session,
  type SessionEnd,
  type SessionEvents,
} from './session.js';
import { OWN_SETTINGS } from './settings.js';
import { createUploads } from './uploads.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const LAST_STREAM_ID = 2 ** 31 - 1;
const NOTHING = Buffer.alloc(0);
const PING_PAYLOAD = Buffer.alloc(8);

type State = 'greeting' | 'ready' | 'probing' | 'draining' | 'over';

/**
 * A session of HTTP/2 that writes and reads its own frames, made for one thing: very many small requests that all look
 * alike. It keeps to RFC 9113 and 7541 as far as a client needs them; what it does not understand ends it.
 *
 * @param socket Connected, TLS included.
 * @param inlet Where the socket puts what it receives.
 * @param firstStreamId Odd. Tests begin near the end of the numbers.
 */
export function createOwnSession(
  socket: Duplex,
  readBuffer: Pick<ReadBuffer, 'listen'>,
  origin: Origin,
  events: SessionEvents,
  firstStreamId = 1,
): Session {
  const output = createWriteBuffer(socket);
  const requests = createRequestWriter(output, origin);
  const uploads = createUploads(output);
  const downloads = createDownloads(output);
  const answers = createAnswers();
  const streams = new Map<number, Exchange>();
  let state: State = 'greeting';
  let nextStreamId = firstStreamId;
  let maxStreams = LAST_STREAM_ID;
  let heardAt = Date.now();
  let heard = 0;
  /** After a refusal, nothing new goes out before something has come back. */
  let isReluctant = false;
  let complaint: SessionEnd | undefined;
  let backoff = expectWithin(GREETING_TIMEOUT_MS);

  function expectWithin(ms: number): NodeJS.Timeout {
    const judge = (): void => {
      if (state !== 'greeting' && state !== 'probing') return;
      finish({ why: 'lost', message: 'the gateway is silent on this connection, which is considered dead' });
    };
    // After a long pause timers come first: what the socket has received meanwhile is to be read before judging.
    return setTimeout(() => setImmediate(judge), ms).unref();
  }

  function finish(end: SessionEnd): void {
    if (state === 'over') return;
    state = 'over';
    clearTimeout(backoff);
    socket.destroy();
    const left = [...streams.values()];
    streams.clear();
    const { message, cause } = complaint ?? end;
    for (const exchange of left) {
      events.onFailure(exchange, new BroadcastError('NO_ANSWER', message, { cause }));
    }
    events.onEnd(complaint ?? end);
  }

  function failProtocol(reason: unknown): void {
    const failure = reason instanceof ProtocolFailure ? reason : undefined;
    goAway(failure?.code ?? INTERNAL_ERROR);
    output.flush();
    finish({ why: 'protocol', message: `HTTP/2: ${failure?.message ?? 'unexpected'}`, cause: reason });
  }

  function goAway(code: number): void {
    const body = Buffer.alloc(8);
    body.writeUInt32BE(code, 4);
    output.frame(GOAWAY, 0, 0, body);
  }

  /** The stream is done with, whatever became of it. */
  function release({ streamId }: Exchange): void {
    streams.delete(streamId);
    isReluctant = false;
    if (uploads.isPending(streamId)) uploads.forget(streamId);
  }

  /** A session that takes no new requests is over with its last one. */
  function endIfDrained(): void {
    if (state !== 'draining' || streams.size > 0) return;
    output.flush();
    finish({ why: 'lost', message: 'the gateway closed the connection' });
  }

  function complete(exchange: Exchange): void {
    const { streamId, fields } = exchange;
    if (fields === undefined) return;
    // The answer may come before the request has left: the rest of it is not wanted any more.
    if (uploads.isPending(streamId)) output.number(RST_STREAM, streamId, NO_ERROR);
    release(exchange);
    events.onAnswer(exchange, answerOf(exchange, fields));
    endIfDrained();
  }

  function giveBack(exchange: Exchange, isRefused: boolean): void {
    release(exchange);
    resetExchange(exchange);
    isReluctant = isRefused;
    events.onReturned(exchange);
  }

  function fail(exchange: Exchange, error: BroadcastError): void {
    release(exchange);
    events.onFailure(exchange, error);
  }

  /** The exchange of a stream, or `undefined` when it is over. Streams that we never opened are a mistake of theirs. */
  function exchangeOf(streamId: number): Exchange | undefined {
    const exchange = streams.get(streamId);
    if (exchange === undefined && (streamId % 2 === 0 || streamId >= nextStreamId)) {
      throw new ProtocolFailure(PROTOCOL_ERROR, `a frame is for stream ${streamId}, which was never opened`);
    }
    return exchange;
  }

  const handlers: FrameHandlers = {
    onAnswerFrame(type, flags, streamId, frame) {
      const exchange = exchangeOf(streamId);
      let isComplete: boolean;
      if (type === DATA) {
        downloads.count(frame.end - frame.start, exchange, (flags & END_STREAM) !== 0);
        isComplete = answers.onData(exchange, flags, frame);
      } else if (type === HEADERS) isComplete = answers.onHeaders(exchange, flags, streamId, frame);
      else isComplete = answers.onContinuation(exchange, flags, streamId, frame);
      if (isComplete && exchange !== undefined) complete(exchange);
    },
    onSettings({ maxConcurrentStreams, headerTableSize, initialWindowSize }) {
      if (maxConcurrentStreams !== undefined) maxStreams = maxConcurrentStreams;
      if (headerTableSize !== undefined) requests.resizeTable(headerTableSize);
      if (initialWindowSize !== undefined) uploads.setInitialWindow(initialWindowSize);
      output.frame(SETTINGS, ACK, 0, NOTHING);
      if (state === 'greeting') becomeReady();
      events.onRoom();
    },
    onPing(payload) {
      output.frame(PING, ACK, 0, payload);
    },
    onPingAnswer() {
      if (state !== 'probing') return;
      becomeReady();
      events.onRoom();
    },
    onWindowUpdate(streamId, bytes) {
      if (streamId !== 0) exchangeOf(streamId);
      uploads.widen(streamId, bytes);
    },
    onReset(streamId, code) {
      const exchange = exchangeOf(streamId);
      // Also after an early answer, which some servers follow by a reset: that one has been dealt with.
      if (exchange === undefined) return;
      if (code === REFUSED_STREAM) giveBack(exchange, true);
      else fail(exchange, errorOfReset(code));
      endIfDrained();
    },
    /** No new requests; those that the other side has not touched can go elsewhere, the others are waited for. */
    onGoAway(lastStreamId, code) {
      state = 'draining';
      clearTimeout(backoff);
      if (isComplaint(code)) {
        complaint = {
          why: 'protocol',
          message: `HTTP/2: the gateway reported an error of this client (code ${code})`,
        };
      }
      const untouched = [...streams.values()].filter(({ streamId }) => streamId > lastStreamId);
      for (const exchange of untouched) giveBack(exchange, false);
      endIfDrained();
    },
  };

  function becomeReady(): void {
    state = 'ready';
    clearTimeout(backoff);
  }

  const read = createFrameReader(createFrameRouter(handlers, answers.isInBlock), () => state !== 'over');

  socket.on('error', (cause: NodeJS.ErrnoException) => {
    finish({
      why: 'lost',
      message: `the connection to the gateway broke (${cause.code ?? cause.message})`,
      cause,
    });
  });
  socket.on('close', () => {
    finish({ why: 'lost', message: 'the connection to the gateway ended' });
  });

  socket.write(PREFACE);
  output.frame(SETTINGS, 0, 0, OWN_SETTINGS);
  downloads.open();

  readBuffer.listen((chunk) => {
    heardAt = Date.now();
    heard++;
    try {
      read(chunk);
    } catch (reason) {
      failProtocol(reason);
    }
  });

  function probe(): void {
    if (state !== 'ready') return;
    state = 'probing';
    output.frame(PING, 0, 0, PING_PAYLOAD);
    output.flush();
    backoff = expectWithin(PROBE_TIMEOUT_MS);
  }

  return {
    hasRoom: () => state === 'ready' && streams.size < maxStreams && !(isReluctant && streams.size > 0),
    isPending: () => state === 'greeting' || state === 'probing',
    open(exchange) {
      exchange.streamId = nextStreamId;
      exchange.heardBefore = heard;
      requests.write(exchange);
      nextStreamId += 2;
      streams.set(exchange.streamId, exchange);
      uploads.start(exchange);
      if (nextStreamId > LAST_STREAM_ID) state = 'draining';
    },
    cancel(exchange) {
      if (streams.get(exchange.streamId) !== exchange) return;
      output.number(RST_STREAM, exchange.streamId, CANCEL);
      release(exchange);
      endIfDrained();
    },
    expire(now) {
      let next = Infinity;
      for (const exchange of streams.values()) {
        if (exchange.endsAt > now) {
          next = Math.min(next, exchange.endsAt);
          continue;
        }
        output.number(RST_STREAM, exchange.streamId, CANCEL);
        // Before it is told of, since a retry must not take a connection that may be dead.
        if (exchange.heardBefore === heard) probe();
        fail(exchange, new BroadcastError('NO_ANSWER', 'no answer within the time limit of the attempt'));
      }
      endIfDrained();
      return next;
    },
    probe,
    lastHeardAt: () => heardAt,
    hasCarried: () => nextStreamId > firstStreamId,
    close() {
      if (state === 'over') return;
      goAway(NO_ERROR);
      output.flush();
      finish({ why: 'closed', message: 'the transport was closed' });
    },
  };
}
