import type { BroadcastError } from '../base/errors.js';
import type { ExchangeAnswer, Exchange } from './exchange.js';

/**
 * Why a session is over. `lost`: the connection broke, ended or fell silent. `protocol`: one side does
 * something that the other does not understand, so there is no use in trying the same again. `closed`: by us.
 */
export interface SessionEnd {
  readonly why: 'lost' | 'protocol' | 'closed';
  readonly message: string;
  readonly cause?: unknown;
}

/**
 * What a session tells its client. Of every request that was opened and not cancelled, one of the first three
 * is told.
 */
export interface SessionEvents {
  onAnswer(exchange: Exchange, answer: ExchangeAnswer): void;
  onFailure(exchange: Exchange, error: BroadcastError): void;
  /** The other side certainly did not touch this request, so it may go elsewhere. */
  onReturned(exchange: Exchange): void;
  /** There may be room for requests, without any having ended. */
  onRoom(): void;
  /** Told once, after whatever there was to tell about the requests. */
  onEnd(end: SessionEnd): void;
}

/** One connection that carries many requests at once. It never keeps the process alive. */
export interface Session {
  /** Whether `open` may be called now. */
  hasRoom(): boolean;
  /** Whether it may have room soon, because it is being greeted or was asked if it is alive. */
  isPending(): boolean;
  open(exchange: Exchange): void;
  /** Gives up on a request; nothing more is told about it. */
  cancel(exchange: Exchange): void;
  /** Fails the requests whose time is over. Returns when the next one's is, or `Infinity`. */
  expire(now: number): number;
  /** Asks the other side whether it is still there; `hasRoom` is false until it answers. */
  probe(): void;
  /** When the other side was last heard of, in Unix milliseconds. */
  lastHeardAt(): number;
  /** Whether it ever took a request. */
  hasCarried(): boolean;
  close(): void;
}

/** When the other side does not greet in this time, it is taken for dead. */
export const GREETING_TIMEOUT_MS = 3000;
/** When a probe is not answered in this time, the connection died while the instance was paused. */
export const PROBE_TIMEOUT_MS = 500;
/** What is said of a session whose other side did neither. */
export const SILENT = 'the gateway is silent on this connection, which is considered dead';
