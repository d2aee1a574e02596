import { MAX_FRAME_BYTES } from '../../base/protocol.js';
import { bytesOf } from '../base/bytes.js';
import type { ClientSocket } from '../connection/link.js';
import { RequestError } from './request-error.js';

export interface PostOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly id?: string | undefined;
  /** Goes over this link or not at all, before what the page sends. */
  readonly over?: ClientSocket | undefined;
  /** Does not wait for answers to others. */
  readonly isUrgent?: boolean | undefined;
  /** Messages with the same word are sent one after the other. */
  readonly order?: string | undefined;
  /** Whether it does no harm when it arrives twice. */
  readonly again?: boolean | undefined;
}

/** A message that the client has not been given an answer to. */
export interface Outgoing extends PostOptions {
  readonly id: string;
  readonly type: string;
  readonly text: string;
  /** Over which it was sent last. */
  link?: ClientSocket;
  settle(outcome: unknown): void;
}

/** No two messages that share one of these are under way at once. */
export function keysOf({ id, order }: Outgoing): string[] {
  return order === undefined ? [id] : [id, ` ${order}`];
}

/** Throws {@link RequestError} for what JSON cannot express. */
export function textOf(type: string, data: unknown, id: string): string {
  try {
    return JSON.stringify({ type, data, id });
  } catch (error) {
    throw new RequestError('INVALID_MESSAGE', `${type}: data: ${(error as Error).message}`, ['data']);
  }
}

/** Why it cannot be taken, if so. */
export function obstacleTo({ type, text, signal, timeoutMs }: Outgoing): RequestError | undefined {
  if (!(timeoutMs >= 0)) return new RequestError('INVALID_OPTIONS', `${type}: timeoutMs: expected a number`);
  if (bytesOf(text) > MAX_FRAME_BYTES) return new RequestError('PAYLOAD_TOO_LARGE', type);
  if (signal?.aborted) return new RequestError('ABORTED', type);
  return undefined;
}

/** It ends without an answer. */
export function unsettled({ type, link }: Outgoing, why: string): RequestError {
  return new RequestError(link ? 'NO_ANSWER' : 'NOT_SENT', `${type} ${why}`);
}
