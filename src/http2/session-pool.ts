import { BroadcastError } from '../base/errors.js';
import { DISTRUST_AFTER_MS } from '../base/paused-instance.js';
import { connect, type ConnectTarget } from './connect.js';
import type { Exchange } from './exchange.js';
import { createNodeSession } from './node-session.js';
import { createOwnSession } from './own-session.js';
import { createReadBuffer } from './read-buffer.js';
import type { Session, SessionEnd, SessionEvents } from './session.js';

/** The sessions to one address: as few as will do. */
export interface SessionPool {
  /** The first session with room that is to be trusted. */
  withRoom(now: number): Session | undefined;
  /** Opens one more session, unless one is on its way that may do. */
  growIfUseful(now: number): void;
  /**
   * Whether a session that there is has ever taken a request: then the address can be reached, but is busy.
   */
  hasCarried(): boolean;
  /** Gives up on a request, whichever session carries it. */
  cancel(exchange: Exchange): void;
  /** See {@link Session.expire}. */
  expire(now: number): number;
  close(): void;
}

export interface PoolEvents extends Pick<SessionEvents, 'onAnswer' | 'onFailure' | 'onReturned' | 'onRoom'> {
  /** No session can be had; what waits for one has no prospect. */
  onUnreachable(error: BroadcastError): void;
}

/** More would only help with a server that takes very few requests per session. */
const MAX_SESSIONS = 16;
/** While other sessions work, one that could not be opened is not tried again before this time has passed. */
const GROW_AGAIN_AFTER_MS = 1000;

export function createSessionPool(target: ConnectTarget, events: PoolEvents): SessionPool {
  const sessions = new Set<Session>();
  let isConnecting = false;
  let isClosed = false;
  let needsFallback = false;
  let growAgainAt = 0;

  async function grow(): Promise<void> {
    try {
      await (needsFallback ? openFallback() : openOwn());
    } catch (reason) {
      growAgainAt = Date.now() + GROW_AGAIN_AFTER_MS;
      if (sessions.size === 0) events.onUnreachable(BroadcastError.from(reason));
    } finally {
      isConnecting = false;
    }
    events.onRoom();
  }

  async function openOwn(): Promise<void> {
    const readBuffer = createReadBuffer();
    const socket = await connect(target, readBuffer);
    adopt((sessionEvents) => createOwnSession(socket, readBuffer, target, sessionEvents));
  }

  async function openFallback(): Promise<void> {
    const [http2, socket] = await Promise.all([import('node:http2'), connect(target)]);
    adopt((sessionEvents) => createNodeSession(http2, socket, target, sessionEvents));
  }

  function adopt(create: (sessionEvents: SessionEvents) => Session): void {
    const { onAnswer, onFailure, onReturned, onRoom } = events;
    const onSessionEnd = (end: SessionEnd): void => {
      onEnd(session, end);
    };
    const session = create({ onAnswer, onFailure, onReturned, onRoom, onEnd: onSessionEnd });
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
      events.onUnreachable(
        new BroadcastError('GATEWAY_UNAVAILABLE', message, { cause, isUnreachable: true }),
      );
    }
    events.onRoom();
  }

  return {
    withRoom(now) {
      for (const session of sessions) {
        if (!session.hasRoom()) continue;
        if (now - session.lastHeardAt() < DISTRUST_AFTER_MS) return session;
        // One that was silent for long is asked first whether it lives.
        session.probe();
      }
      return undefined;
    },
    growIfUseful(now) {
      if (isConnecting || sessions.size >= MAX_SESSIONS || (sessions.size > 0 && now < growAgainAt)) return;
      for (const session of sessions) if (session.isPending()) return;
      isConnecting = true;
      void grow();
    },
    hasCarried: () => [...sessions].some((session) => session.hasCarried()),
    cancel(exchange) {
      for (const session of sessions) session.cancel(exchange);
    },
    expire(now) {
      let next = Infinity;
      for (const session of sessions) next = Math.min(next, session.expire(now));
      return next;
    },
    close() {
      isClosed = true;
      for (const session of sessions) session.close();
    },
  };
}
