/** What has reached a client and was not asked for yet. */
import { parseJson } from '../../base/json.js';
import { ERROR_TYPE, REPLY_TYPE, type ClientError } from '../../base/protocol.js';
import { shown } from './pattern.js';

/** A frame as it arrived: text as a string, binary as bytes. */
export type KitFrame = string | Buffer;

/** A frame, and what it says to those who speak the protocol of `createApp`. */
export type Arrival = { readonly frame: KitFrame } & (
  | { readonly kind: 'reply'; readonly to: string | undefined; readonly data: unknown }
  | { readonly kind: 'error'; readonly to: string | undefined; readonly error: ClientError }
  | { readonly kind: 'message'; readonly type: string; readonly data: unknown }
  | { readonly kind: 'frame' }
);

export interface Inbox {
  add(frame: KitFrame): void;
  /** Takes the oldest arrival out for which `pick` gives something, and returns that. */
  take<T>(pick: (arrival: Arrival) => T | undefined): T | undefined;
  unread(): readonly Arrival[];
}

/** @param typeOf The type of the message to which a reply answers, by the message's id. */
export function createInbox(typeOf: (messageId: string) => string | undefined): Inbox {
  const arrivals: Arrival[] = [];
  return {
    add(frame) {
      arrivals.push(read(frame, typeOf));
    },
    take(pick) {
      for (const [index, arrival] of arrivals.entries()) {
        const picked = pick(arrival);
        if (picked === undefined) continue;
        arrivals.splice(index, 1);
        return picked;
      }
      return undefined;
    },
    unread: () => [...arrivals],
  };
}

function read(frame: KitFrame, typeOf: (messageId: string) => string | undefined): Arrival {
  const value = typeof frame === 'string' ? parseJson(frame) : undefined;
  if (typeof value !== 'object' || value === null) return { kind: 'frame', frame };
  const { type, data, replyTo, error } = value as Record<string, unknown>;
  const to = typeof replyTo === 'string' ? typeOf(replyTo) : undefined;
  if (type === REPLY_TYPE) return { kind: 'reply', frame, to, data };
  if (type === ERROR_TYPE) return { kind: 'error', frame, to, error: error as ClientError };
  return typeof type === 'string' ? { kind: 'message', frame, type, data } : { kind: 'frame', frame };
}

/** An arrival on one line, for messages. */
export function described(arrival: Arrival): string {
  switch (arrival.kind) {
    case 'reply':
      return `reply to ${nameOf(arrival.to)} ${shown(arrival.data)}`;
    case 'error':
      return `error to ${nameOf(arrival.to)} ${shown(arrival.error)}`;
    case 'message':
      return `'${arrival.type}' ${shown(arrival.data)}`;
    case 'frame':
      return `frame ${shown(arrival.frame)}`;
  }
}

function nameOf(type: string | undefined): string {
  return type === undefined ? 'something else' : `'${type}'`;
}
