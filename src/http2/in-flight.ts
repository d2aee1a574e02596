import type { Exchange } from './exchange.js';
import { PROTOCOL_ERROR, ProtocolFailure } from './protocol-failure.js';

/** Streams of a session whose requests have not been answered, and whether there is room for another one. */
export interface InFlight {
  readonly size: number;
  /** The number that the next stream gets. */
  readonly nextStreamId: number;
  hasRoom(): boolean;
  /** The receiver's SETTINGS_MAX_CONCURRENT_STREAMS. */
  limit(maxStreams: number): void;
  /** Takes an exchange that has been given the next number. */
  add(exchange: Exchange): void;
  /**
   * The exchange of a stream, or `undefined` when it is over. Streams that we never opened are a mistake of
   * theirs.
   */
  find(streamId: number): Exchange | undefined;
  has(exchange: Exchange): boolean;
  /** @param wasRefused Then nothing new goes out before something has come back. */
  remove(exchange: Exchange, wasRefused: boolean): void;
  /** Removes and returns everything. */
  removeAll(): Exchange[];
  [Symbol.iterator](): Iterator<Exchange>;
  /** How many streams were ever opened. */
  readonly carried: number;
  /** Whether no number is left for another stream. */
  isExhausted(): boolean;
}

const LAST_STREAM_ID = 2 ** 31 - 1;

/** @param firstStreamId Odd. */
export function createInFlight(firstStreamId: number): InFlight {
  const streams = new Map<number, Exchange>();
  let nextStreamId = firstStreamId;
  let maxStreams = LAST_STREAM_ID;
  let isReluctant = false;

  return {
    get size() {
      return streams.size;
    },
    get nextStreamId() {
      return nextStreamId;
    },
    hasRoom: () => streams.size < maxStreams && !(isReluctant && streams.size > 0),
    limit(streamsAtOnce) {
      maxStreams = streamsAtOnce;
    },
    add(exchange) {
      streams.set(exchange.streamId, exchange);
      nextStreamId += 2;
    },
    find(streamId) {
      const exchange = streams.get(streamId);
      if (exchange === undefined && (streamId % 2 === 0 || streamId >= nextStreamId)) {
        throw new ProtocolFailure(
          PROTOCOL_ERROR,
          `a frame is for stream ${streamId}, which was never opened`,
        );
      }
      return exchange;
    },
    has: (exchange) => streams.get(exchange.streamId) === exchange,
    remove({ streamId }, wasRefused) {
      streams.delete(streamId);
      isReluctant = wasRefused;
    },
    removeAll() {
      const left = [...streams.values()];
      streams.clear();
      return left;
    },
    [Symbol.iterator]: () => streams.values(),
    get carried() {
      return (nextStreamId - firstStreamId) / 2;
    },
    isExhausted: () => nextStreamId > LAST_STREAM_ID,
  };
}
