import type { Exchange } from './exchange.js';

/** Requests that no session has room for, in order. */
export interface StreamQueue {
  readonly isEmpty: boolean;
  add(exchange: Exchange): void;
  /** Returns whether it was there. */
  remove(exchange: Exchange): boolean;
  removeAll(): Exchange[];
  /** Removes those whose time is over, and hands them on. Returns when the next one's is, or `Infinity`. */
  expire(now: number, onExpired: (exchange: Exchange) => void): number;
  [Symbol.iterator](): Iterator<Exchange>;
}

export function createRequestQueue(): StreamQueue {
  const waiting = new Set<Exchange>();

  return {
    get isEmpty() {
      return waiting.size === 0;
    },
    add: (exchange) => void waiting.add(exchange),
    remove: (exchange) => waiting.delete(exchange),
    removeAll() {
      const all = [...waiting];
      waiting.clear();
      return all;
    },
    expire(now, onExpired) {
      let next = Infinity;
      for (const exchange of waiting) {
        if (exchange.endsAt > now) next = Math.min(next, exchange.endsAt);
        else if (waiting.delete(exchange)) onExpired(exchange);
      }
      return next;
    },
    [Symbol.iterator]: () => waiting.values(),
  };
}
