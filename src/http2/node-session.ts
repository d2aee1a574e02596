import type * as Http2 from 'node:http2';
import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { Socket } from 'node:net';
import { BroadcastError } from '../base/errors.js';
import { answerOf, keepBody, noFields, resetExchange, type AnswerFields, type Exchange } from './exchange.js';
import type { Origin } from './request-writer.js';
import { errorOfReset, isComplaint } from './resets.js';
import {
  GREETING_TIMEOUT_MS,
  PROBE_TIMEOUT_MS,
  type Session,
  type SessionEnd,
  type SessionEvents,
} from './session.js';

/**
 * The same as our own session, on `node:http2`: several times as expensive, but it understands everything. Clients turn
 * to it when the own one met something that it does not.
 *
 * @param http2 The module, which costs so much to load that only who needs it does.
 */
export function createNodeSession(
  { connect, constants }: typeof Http2,
  socket: Socket,
  origin: Origin,
  events: SessionEvents,
): Session {
  const session = connect(`${origin.scheme}://${origin.authority}`, {
    createConnection: () => socket,
    settings: { enablePush: false },
  });
  const streams = new Map<Exchange, ClientHttp2Stream>();
  let state: 'greeting' | 'ready' | 'probing' | 'draining' | 'over' = 'greeting';
  let heardAt = Date.now();
  let heard = 0;
  let carried = 0;
  let failure: Omit<SessionEnd, 'why'> = { message: 'the connection to the gateway ended' };
  let why: SessionEnd['why'] = 'lost';
  let backoff = expectWithin(GREETING_TIMEOUT_MS);
  session.unref();

  function expectWithin(ms: number): NodeJS.Timeout {
    const judge = (): void => {
      if (state === 'greeting' || state === 'probing') session.destroy();
    };
    return setTimeout(() => setImmediate(judge), ms).unref();
  }

  function noteLife(): void {
    heardAt = Date.now();
    heard++;
  }

  function becomeReady(): void {
    clearTimeout(backoff);
    noteLife();
    if (state === 'greeting' || state === 'probing') state = 'ready';
    events.onRoom();
  }

  session.on('remoteSettings', becomeReady);
  session.on('goaway', (code: number) => {
    state = 'draining';
    if (!isComplaint(code)) return;
    why = 'protocol';
    failure = { message: `HTTP/2: the gateway reported an error of this client (code ${code})` };
  });
  session.on('error', (cause: NodeJS.ErrnoException) => {
    failure = { message: `the connection to the gateway broke (${cause.code ?? cause.message})`, cause };
  });
  session.on('close', () => {
    clearTimeout(backoff);
    state = 'over';
    // Streams tell of themselves before their session does; what is left now has never become one.
    for (const exchange of streams.keys()) settle(exchange, constants.NGHTTP2_INTERNAL_ERROR);
    events.onEnd({ why, ...failure });
  });

  function begin(exchange: Exchange): ClientHttp2Stream {
    const { template, token, head, tail } = exchange;
    const stream = session.request({
      ':method': 'POST',
      ':path': template.path,
      ...Object.fromEntries(template.headers),
      authorization: `Bearer ${token}`,
    });
    stream.on('response', (headers) => {
      noteLife();
      exchange.fields = readFields(noFields(), headers);
    });
    stream.on('trailers', (headers: IncomingHttpHeaders) => {
      if (exchange.fields !== undefined) readFields(exchange.fields, headers);
    });
    stream.on('data', (chunk: Buffer) => {
      keepBody(exchange, chunk);
    });
    stream.on('end', () => {
      complete(exchange, stream);
    });
    // The event that tells what became of the stream is 'close'.
    stream.on('error', () => undefined);
    stream.on('close', () => {
      if (streams.get(exchange) === stream) settle(exchange, stream.rstCode);
    });
    stream.end(Buffer.concat([head, tail]));
    return stream;
  }

  /** The answer has come to its end. It may have done so before the request has left, which is not wanted any more then. */
  function complete(exchange: Exchange, stream: ClientHttp2Stream): void {
    const { fields } = exchange;
    if (fields === undefined || !streams.delete(exchange)) return;
    if (!stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR);
    events.onAnswer(exchange, answerOf(exchange, fields));
  }

  /** The stream is over without an answer. */
  function settle(exchange: Exchange, code: number): void {
    streams.delete(exchange);
    if (code === constants.NGHTTP2_REFUSED_STREAM) {
      resetExchange(exchange);
      events.onReturned(exchange);
      return;
    }
    const { message, cause } = failure;
    const isLost = session.destroyed || session.closed;
    events.onFailure(
      exchange,
      isLost ? new BroadcastError('NO_ANSWER', message, { cause }) : errorOfReset(code),
    );
  }

  function drop(exchange: Exchange): boolean {
    const stream = streams.get(exchange);
    stream?.close(constants.NGHTTP2_CANCEL);
    return streams.delete(exchange);
  }

  function probe(): void {
    if (state !== 'ready') return;
    state = 'probing';
    backoff = expectWithin(PROBE_TIMEOUT_MS);
    session.ping((error) => {
      if (error === null) becomeReady();
    });
  }

  return {
    hasRoom: () =>
      state === 'ready' &&
      !session.closed &&
      streams.size < (session.remoteSettings.maxConcurrentStreams ?? Infinity),
    isPending: () => state === 'greeting' || state === 'probing',
    open(exchange) {
      carried++;
      exchange.heardBefore = heard;
      streams.set(exchange, begin(exchange));
    },
    cancel: drop,
    expire(now) {
      let next = Infinity;
      for (const exchange of streams.keys()) {
        if (exchange.endsAt > now) next = Math.min(next, exchange.endsAt);
        else if (drop(exchange)) {
          // Before it is told of, since a retry must not take a connection that may be dead.
          if (exchange.heardBefore === heard) probe();
          events.onFailure(
            exchange,
            new BroadcastError('NO_ANSWER', 'no answer within the time limit of the attempt'),
          );
        }
      }
      return next;
    },
    probe,
    lastHeardAt: () => heardAt,
    hasCarried: () => carried > 0,
    close() {
      why = 'closed';
      failure = { message: 'the transport was closed' };
      session.destroy();
    },
  };
}

function readFields(
  fields: AnswerFields,
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
): AnswerFields {
  fields.status = headers[':status'] ?? fields.status;
  fields.grpcStatus = textOf(headers['grpc-status']) ?? fields.grpcStatus;
  fields.grpcMessage = textOf(headers['grpc-message']) ?? fields.grpcMessage;
  fields.retryAfter = textOf(headers['retry-after']) ?? fields.retryAfter;
  fields.pushback = textOf(headers['grpc-retry-pushback-ms']) ?? fields.pushback;
  return fields;
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
