import type { BYE_CODES, ByeMessage } from '../../base/protocol.js';
import type { Stop } from '../base/emitter.js';
import type { ClientSocket } from './link.js';
import { reconnectDelay, type ReconnectDelayOptions } from './reconnect-delay.js';
import { openSocket, type ClientSocketDeps, type Welcomed } from './socket.js';
import { RequestError } from '../requests/request-error.js';
import type { ClientStateChange } from '../client-state.js';

/** Keeps one connection open: comes back when it breaks, and opens the next one before it is too old. */
export interface ConnectionManager {
  readonly current: ClientSocket | undefined;
  /** Opens a connection now, in the place of one that is too old or one that is waited for. */
  dial(): void;
  /** Gives a connection up without waiting for its close handshake: a dead network would never answer it. */
  drop(link: ClientSocket, reason: string): void;
  /** The server takes its leave. */
  bye(link: ClientSocket, data: Partial<ByeMessage['data']>): void;
  /** For good. */
  close(code: string | number, reason: string): void;
}

export interface ConnectionManagerDeps
  extends Omit<ClientSocketDeps, 'onLink' | 'onEnd'>, ReconnectDelayOptions {
  readonly onState: (change: ClientStateChange) => void;
  /** `before` is the connection that this one replaces, while it still works. */
  readonly onWelcome: (welcomed: Welcomed, before: ClientSocket | undefined) => void;
  readonly onLost: (link: ClientSocket) => void;
  readonly onClose: () => void;
}

/** A connection that held for so long begins a new series of attempts when it breaks. */
const STABLE_MS = 10_000;

/** Written out, since a bundle would carry all of the codes. */
const REPLACED: (typeof BYE_CODES)['replaced'] = 4001;

/** Longest time for which a server can send clients away. */
const LONGEST_PAUSE_MS = 3_600_000;

/** Errors in answer to a hello that no later attempt would change. */
const FATAL = ['UNSUPPORTED_VERSION', 'UNKNOWN_TYPE', 'UNAUTHENTICATED', 'FORBIDDEN'];

export function createConnectionManager(parts: ConnectionManagerDeps): ConnectionManager {
  const { clock, requestQueue, onState } = parts;
  let current: ClientSocket | undefined;
  let isDialling = false;
  /** The newest socket, welcomed or not. */
  let newest: ClientSocket | undefined;
  let stopWaiting: Stop | undefined;
  let failures = 0;
  /** The server's wish: how long to stay away. */
  let pauseMs = 0;
  let welcomedAt = 0;
  let isClosed = false;

  function dial(): void {
    stopWaiting?.();
    if (isDialling || isClosed) return;
    isDialling = true;
    if (current === undefined) onState({ state: 'connecting', failures });
    openSocket({ ...parts, onLink, onEnd: ended }).then(adopt, failed);
  }

  function onLink(link: ClientSocket): void {
    newest = link;
    if (isClosed) link.close();
  }

  function adopt(welcomed: Welcomed): void {
    if (isClosed) return;
    if (welcomed.link.isOver) {
      // What ended it arrived together with the welcome.
      failed('closed');
      return;
    }
    const before = current;
    isDialling = false;
    pauseMs = 0;
    current = welcomed.link;
    welcomedAt = clock.now();
    if (before === undefined) onState({ state: 'open' });
    requestQueue.sendOver(current);
    parts.onWelcome(welcomed, before);
  }

  function failed(error: unknown): void {
    if (isClosed) return;
    isDialling = false;
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof RequestError && FATAL.includes(error.code)) {
      close(error.code, reason);
      return;
    }
    failures++;
    requestQueue.sendOver(current);
    wait(reason);
  }

  function wait(reason: string): void {
    const delayMs = reconnectDelay(parts, failures, pauseMs);
    pauseMs = 0;
    stopWaiting?.();
    stopWaiting = clock.after(delayMs, dial);
    if (current === undefined)
      onState({ state: 'connecting', failures, reason, retryAt: clock.now() + delayMs });
  }

  function ended(link: ClientSocket, code: number, reason: string): void {
    if (isClosed) return;
    if (code >= 4000 && code < 4500) close(code, reason);
    else lose(link, reason);
  }

  function lose(link: ClientSocket, reason: string): void {
    const wasCurrent = link === current;
    if (wasCurrent) current = undefined;
    requestQueue.lose(link);
    parts.onLost(link);
    if (!wasCurrent) return;
    failures = clock.now() - welcomedAt >= STABLE_MS ? 0 : failures + 1;
    if (!isDialling) wait(reason);
    else onState({ state: 'connecting', failures, reason });
  }

  function close(code: string | number, reason: string): void {
    if (isClosed) return;
    isClosed = true;
    stopWaiting?.();
    newest?.close();
    requestQueue.close();
    const last = current;
    current = undefined;
    last?.close();
    if (last !== undefined) parts.onLost(last);
    parts.onClose();
    onState({ state: 'closed', code, reason });
  }

  function drop(link: ClientSocket, reason: string): void {
    link.close();
    if (!isClosed) lose(link, reason);
  }

  return {
    get current() {
      return current;
    },
    dial,
    drop,
    bye(link, { code = 1006, reason = '', reconnect, afterMs }) {
      // A server that allows one connection may take the next one of this client for a stranger's.
      const isOwnSuccessor = code === REPLACED && (isDialling || link !== current);
      if (reconnect === false && !isOwnSuccessor) close(code, reason);
      else {
        if (!isOwnSuccessor && typeof afterMs === 'number' && afterMs > 0)
          pauseMs = Math.min(afterMs, LONGEST_PAUSE_MS);
        drop(link, reason);
      }
    },
    close,
  };
}
