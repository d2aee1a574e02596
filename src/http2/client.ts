import { abortedError, BroadcastError } from '../base/errors.js';
import { connect, type Target } from './connect.js';
import type { Answer, Exchange } from './exchange.js';
import { createReadBuffer } from './read-buffer.js';
import { createNodeSession } from './node-session.js';
import { createOwnSession } from './own-session.js';
import type { Session, SessionEnd, SessionEvents } from './session.js';
import { createTimeouts } from './timeouts.js';

/** Carries requests to one address over as few sessions as will do. */
export interface Http2Client {
  /** Sends now, or as soon as a session has room; calls `onAnswer` or `onFailure` once. */
  request(exchange: Exchange): void;
  /** Fails what is under way and closes the sessions. May be called twice. */
  close(): void;
}

/** More would only help with a server that takes very few requests per session. */
const MAX_SESSIONS = 16;
/** After this time of silence the instance may have been paused and its connections may be dead without a word. */
const DISTRUST_AFTER_MS = 10_000;
/** A request that comes back untouched more often than this is a matter for the broadcast's retries. */
const MAX_RETURNS = 2;
/** While other sessions work, one that could not be opened is not tried again before this time has passed. */
const GROW_AGAIN_AFTER_MS = 1000;

export function createHttp2Client(target: Target): Http2Client {
  const sessions = new Set<Session>();
  /** Requests that no session has room for, in order. */
  const queue = new Set<Exchange>();
  const timeouts = createTimeouts(expire);
  let isConnecting = false;
  let isDispatching = false;
  let isClosed = false;
  let needsFallback = false;
  let growAgainAt = 0;

  /** The first session with room that is to be trusted; one that was silent for long is asked first whether it lives. */
  function sessionWithRoom(now: number): Session | undefined {
    for (const session of sessions) {
      if (!session.hasRoom()) continue;
      if (now - session.lastHeardAt() < DISTRUST_AFTER_MS) return session;
      session.probe();
    }
    return undefined;
  }

  function dispatch(): void {
    // What fails while it is being sent leads back here; the loop that is running sees to the rest.
    if (queue.size === 0 || isDispatching) return;
    isDispatching = true;
    startQueued(Date.now());
    isDispatching = false;
  }

  function startQueued(now: number): void {
    for (const exchange of queue) {
      const session = sessionWithRoom(now);
      if (session === undefined) {
        growIfUseful(now);
        return;
      }
      queue.delete(exchange);
      start(session, exchange);
    }
  }

  function start(session: Session, exchange: Exchange): void {
    try {
      session.open(exchange);
    } catch (reason) {
      onFailure(exchange, BroadcastError.from(reason));
    }
  }

  /** Opens one more session, unless one is on its way that may do. */
  function growIfUseful(now: number): void {
    if (isConnecting || sessions.size >= MAX_SESSIONS || (sessions.size > 0 && now < growAgainAt)) return;
    for (const session of sessions) if (session.isPending()) return;
    isConnecting = true;
    void grow();
  }

  async function grow(): Promise<void> {
    try {
      await (needsFallback ? openFallback() : openOwn());
    } catch (reason) {
      growAgainAt = Date.now() + GROW_AGAIN_AFTER_MS;
      if (sessions.size === 0) failQueue(BroadcastError.from(reason));
    } finally {
      isConnecting = false;
    }
    dispatch();
  }

  async function openOwn(): Promise<void> {
    const readBuffer = createReadBuffer();
    const socket = await connect(target, readBuffer);
    adopt((events) => createOwnSession(socket, readBuffer, target, events));
  }

  async function openFallback(): Promise<void> {
    const [http2, socket] = await Promise.all([import('node:http2'), connect(target)]);
    adopt((events) => createNodeSession(http2, socket, target, events));
  }

  function adopt(create: (events: SessionEvents) => Session): void {
    const session = create({
      onAnswer,
      onFailure,
      onReturned,
      onRoom: dispatch,
      onEnd: (end) => {
        onEnd(session, end);
      },
    });
    sessions.add(session);
    if (isClosed) session.close();
  }

  function onEnd(session: Session, { why, message, cause }: SessionEnd): void {
    sessions.delete(session);
    const isNews = why === 'protocol' && !needsFallback;
    if (isNews) {
      needsFallback = true;
      process.emitWarning(`${message}; going on with node:http2`, { code: 'YC_BROADCAST_HTTP2' });
    }
    // A session that ended before it took anything shows that the next one would fare no better.
    if (!isNews && !session.hasCarried() && sessions.size === 0) {
      failQueue(new BroadcastError('GATEWAY_UNAVAILABLE', message, { cause, isUnreachable: true }));
    }
    dispatch();
  }

  /** A request is over: it does not count for the timer and does not listen for its signal any more. */
  function settle({ signal, onAbort }: Exchange): void {
    timeouts.end();
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }

  function onAnswer(exchange: Exchange, answer: Answer): void {
    settle(exchange);
    exchange.onAnswer(answer);
    dispatch();
  }

  function onFailure(exchange: Exchange, error: BroadcastError): void {
    settle(exchange);
    exchange.onFailure(error);
    dispatch();
  }

  function onReturned(exchange: Exchange): void {
    exchange.returns++;
    if (exchange.returns > MAX_RETURNS) {
      onFailure(exchange, unavailable('the gateway refused the request before processing it'));
      return;
    }
    queue.add(exchange);
    dispatch();
  }

  function failQueue(error: BroadcastError): void {
    const waiting = [...queue];
    queue.clear();
    for (const exchange of waiting) onFailure(exchange, error);
  }

  function expire(now: number): number {
    let next = Infinity;
    for (const exchange of queue) {
      if (exchange.endsAt > now) next = Math.min(next, exchange.endsAt);
      else if (queue.delete(exchange)) {
        onFailure(exchange, noneFree(sessions));
      }
    }
    for (const session of sessions) next = Math.min(next, session.expire(now));
    return next;
  }

  function abort(exchange: Exchange): void {
    queue.delete(exchange);
    for (const session of sessions) session.cancel(exchange);
    onFailure(exchange, abortedError());
  }

  function whyNot({ signal, endsAt }: Exchange, now: number): BroadcastError | undefined {
    if (isClosed) return new BroadcastError('INVALID_OPTIONS', 'the transport was closed');
    if (signal?.aborted === true) return abortedError();
    return endsAt > now ? undefined : unavailable('no time was left for the attempt');
  }

  return {
    request(exchange) {
      const now = Date.now();
      const problem = whyNot(exchange, now);
      if (problem !== undefined) {
        exchange.onFailure(problem);
        return;
      }
      if (exchange.signal !== undefined) {
        exchange.onAbort = () => {
          abort(exchange);
        };
        exchange.signal.addEventListener('abort', exchange.onAbort, { once: true });
      }
      timeouts.begin(exchange.endsAt);
      const session = queue.size === 0 ? sessionWithRoom(now) : undefined;
      if (session !== undefined) start(session, exchange);
      else {
        queue.add(exchange);
        growIfUseful(now);
      }
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      failQueue(unavailable('the transport was closed'));
      for (const session of sessions) session.close();
    },
  };
}

/** A busy gateway has carried something on some connection; one that cannot be reached has not. */
function noneFree(sessions: ReadonlySet<Session>): BroadcastError {
  const isUnreachable = ![...sessions].some((session) => session.hasCarried());
  const message = 'no connection became free within the time limit of the attempt';
  return new BroadcastError('GATEWAY_UNAVAILABLE', message, { isUnreachable });
}

function unavailable(message: string): BroadcastError {
  return new BroadcastError('GATEWAY_UNAVAILABLE', message);
}
