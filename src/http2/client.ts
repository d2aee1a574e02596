import { abortedError, BroadcastError } from '../base/errors.js';
import type { ConnectTarget } from './connect.js';
import type { ExchangeAnswer, Exchange } from './exchange.js';
import { createRequestQueue } from './request-queue.js';
import { createSessionPool } from './session-pool.js';
import type { Session } from './session.js';
import { createTimeouts } from './timeouts.js';

/** Carries requests to one address over as few sessions as will do. */
export interface Http2Client {
  /** Sends now, or as soon as a session has room; calls `onAnswer` or `onFailure` once. */
  request(exchange: Exchange): void;
  /** Fails what is under way and closes the sessions. May be called twice. */
  close(): void;
}

/** A request that comes back untouched more often than this is a matter for the broadcast's retries. */
const MAX_RETURNS = 2;

export function createHttp2Client(target: ConnectTarget): Http2Client {
  const pool = createSessionPool(target, {
    onAnswer,
    onFailure,
    onReturned,
    onRoom: dispatch,
    onUnreachable: failQueue,
  });
  const queue = createRequestQueue();
  const timeouts = createTimeouts(expire);
  let isDispatching = false;
  let isClosed = false;

  function dispatch(): void {
    // What fails while it is being sent leads back here; the loop that is running sees to the rest.
    if (queue.isEmpty || isDispatching) return;
    isDispatching = true;
    startQueued(Date.now());
    isDispatching = false;
  }

  function startQueued(now: number): void {
    for (const exchange of queue) {
      const session = pool.withRoom(now);
      if (session === undefined) {
        pool.growIfUseful(now);
        return;
      }
      queue.remove(exchange);
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

  /** A request is over: it does not count for the timer and does not listen for its signal any more. */
  function settle({ signal, onAbort }: Exchange): void {
    timeouts.end();
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }

  function onAnswer(exchange: Exchange, answer: ExchangeAnswer): void {
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
    for (const exchange of queue.removeAll()) onFailure(exchange, error);
  }

  function expire(now: number): number {
    const next = queue.expire(now, (exchange) => {
      const message = 'no connection became free within the time limit of the attempt';
      onFailure(exchange, unavailable(message, !pool.hasCarried()));
    });
    return Math.min(next, pool.expire(now));
  }

  function abort(exchange: Exchange): void {
    queue.remove(exchange);
    pool.cancel(exchange);
    onFailure(exchange, abortedError());
  }

  return {
    request(exchange) {
      const now = Date.now();
      const problem = isClosed ? closedError() : whyNot(exchange, now);
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
      const session = queue.isEmpty ? pool.withRoom(now) : undefined;
      if (session !== undefined) start(session, exchange);
      else {
        queue.add(exchange);
        pool.growIfUseful(now);
      }
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      failQueue(unavailable('the transport was closed'));
      pool.close();
    },
  };
}

function whyNot({ signal, endsAt }: Exchange, now: number): BroadcastError | undefined {
  if (signal?.aborted === true) return abortedError();
  return endsAt > now ? undefined : unavailable('no time was left for the attempt');
}

function closedError(): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', 'the transport was closed');
}

function unavailable(message: string, isUnreachable = false): BroadcastError {
  return new BroadcastError('GATEWAY_UNAVAILABLE', message, { isUnreachable });
}
