import type * as Http2 from 'node:http2';
import type { ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { BroadcastError } from '../base/errors.js';
import { answerOf, resetExchange, type Exchange } from './exchange.js';
import { createLiveness } from './liveness.js';
import { openNodeStream } from './node-stream.js';
import type { Origin } from './request-writer.js';
import { errorOfReset, isComplaint } from './resets.js';
import { SILENT, type Session, type SessionEnd, type SessionEvents } from './session.js';

/**
 * The same as our own session, on `node:http2`: several times as expensive, but it understands everything.
 * Clients turn to it when the own one met something that it does not.
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
  const liveness = createLiveness(ping, () => {
    end = { why: 'lost', message: SILENT };
    session.destroy();
  });
  let carried = 0;
  let end: SessionEnd = { why: 'lost', message: 'the connection to the gateway ended' };
  session.unref();

  function ping(): void {
    session.ping((error) => {
      if (error !== null) return;
      liveness.onHeard();
      if (liveness.onPingAnswer()) events.onRoom();
    });
  }

  session.on('remoteSettings', () => {
    liveness.onHeard();
    liveness.onGreeting();
    events.onRoom();
  });
  session.on('goaway', (code: number) => {
    liveness.drain();
    if (!isComplaint(code)) return;
    end = { why: 'protocol', message: `HTTP/2: the gateway reported an error of this client (code ${code})` };
  });
  session.on('error', (cause: NodeJS.ErrnoException) => {
    const message = `the connection to the gateway broke (${cause.code ?? cause.message})`;
    end = { why: end.why, message, cause };
  });
  session.on('close', () => {
    liveness.end();
    // Streams tell of themselves before their session does; what is left now has never become one.
    for (const exchange of streams.keys()) settle(exchange, constants.NGHTTP2_INTERNAL_ERROR);
    events.onEnd(end);
  });

  /** It may have been answered before the request has left, which is not wanted any more then. */
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
    const { message, cause } = end;
    const isLost = session.destroyed || session.closed;
    const error = isLost ? new BroadcastError('NO_ANSWER', message, { cause }) : errorOfReset(code);
    events.onFailure(exchange, error);
  }

  function drop(exchange: Exchange): boolean {
    streams.get(exchange)?.close(constants.NGHTTP2_CANCEL);
    return streams.delete(exchange);
  }

  const streamEvents = {
    onHeard: liveness.onHeard,
    onComplete: complete,
    onClose(exchange: Exchange, stream: ClientHttp2Stream) {
      if (streams.get(exchange) === stream) settle(exchange, stream.rstCode);
    },
  };

  return {
    hasRoom: () =>
      liveness.state === 'ready' &&
      !session.closed &&
      streams.size < (session.remoteSettings.maxConcurrentStreams ?? Infinity),
    isPending: () => liveness.state === 'greeting' || liveness.state === 'probing',
    open(exchange) {
      carried++;
      exchange.heardBefore = liveness.heardCount;
      streams.set(exchange, openNodeStream(session, exchange, streamEvents));
    },
    cancel: drop,
    expire(now) {
      let next = Infinity;
      for (const exchange of streams.keys()) {
        if (exchange.endsAt > now) next = Math.min(next, exchange.endsAt);
        else if (drop(exchange)) {
          // Before it is told of, since a retry must not take a connection that may be dead.
          if (exchange.heardBefore === liveness.heardCount) liveness.probe();
          const message = 'no answer within the time limit of the attempt';
          events.onFailure(exchange, new BroadcastError('NO_ANSWER', message));
        }
      }
      return next;
    },
    probe: liveness.probe,
    lastHeardAt: () => liveness.heardAt,
    hasCarried: () => carried > 0,
    close() {
      end = { why: 'closed', message: 'the transport was closed' };
      session.destroy();
    },
  };
}
