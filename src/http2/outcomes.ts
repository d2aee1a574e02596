import type { BroadcastError } from '../base/errors.js';
import { answerOf, resetExchange, type Exchange } from './exchange.js';
import { RST_STREAM } from './frames.js';
import type { InFlight } from './in-flight.js';
import { NO_ERROR } from './protocol-failure.js';
import type { SessionEvents } from './session.js';
import type { Uploads } from './uploads.js';
import type { WriteBuffer } from './write-buffer.js';

/** What becomes of the requests of a session. Each of them takes its stream out of flight. */
export interface Outcomes {
  /** The answer is complete. */
  complete(exchange: Exchange): void;
  /** @param wasRefused The other side has no room for it; or it is leaving and did not touch the request. */
  giveBack(exchange: Exchange, wasRefused: boolean): void;
  fail(exchange: Exchange, error: BroadcastError): void;
  /** Stops the request on both sides with this code, and tells nobody. */
  reset(exchange: Exchange, code: number): void;
}

export function createOutcomes(
  output: WriteBuffer,
  uploads: Uploads,
  inFlight: InFlight,
  events: SessionEvents,
): Outcomes {
  function release(exchange: Exchange, wasRefused = false): void {
    inFlight.remove(exchange, wasRefused);
    if (uploads.isPending(exchange.streamId)) uploads.forget(exchange.streamId);
  }

  function reset(exchange: Exchange, code: number): void {
    output.number(RST_STREAM, exchange.streamId, code);
    release(exchange);
  }

  return {
    complete(exchange) {
      const { streamId, fields } = exchange;
      if (fields === undefined) return;
      // The answer may come before the request has left: the rest of it is not wanted any more.
      if (uploads.isPending(streamId)) reset(exchange, NO_ERROR);
      else release(exchange);
      events.onAnswer(exchange, answerOf(exchange, fields));
    },
    giveBack(exchange, wasRefused) {
      release(exchange, wasRefused);
      resetExchange(exchange);
      events.onReturned(exchange);
    },
    fail(exchange, error) {
      release(exchange);
      events.onFailure(exchange, error);
    },
    reset,
  };
}
