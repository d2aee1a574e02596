import type { Exchange } from './exchange.js';
import { WINDOW_UPDATE } from './frames.js';
import type { WriteBuffer } from './write-buffer.js';

/**
 * Our windows: how much the other side may send. They are opened again as soon as half is used, so that they
 * never hold anything up: answers are small, and nobody has to be slowed down.
 */
export interface Downloads {
  /** Announces the window of the connection; the first frame after our settings. */
  open(): void;
  /**
   * Counts a DATA frame with everything in it, padding too. `exchange` is absent when nobody waits for it any
   * more.
   */
  count(bytes: number, exchange: Exchange | undefined, isLast: boolean): void;
  /**
   * Widens the window of the connection by one byte, to have something to send; the next time it gets one
   * less.
   */
  touch(): void;
}

const DEFAULT_WINDOW = 65_535;
const CONNECTION_WINDOW = 16 * 1024 * 1024;

export function createDownloads(output: WriteBuffer): Downloads {
  let unacknowledged = 0;

  return {
    open() {
      output.number(WINDOW_UPDATE, 0, CONNECTION_WINDOW - DEFAULT_WINDOW);
    },
    count(bytes, exchange, isLast) {
      unacknowledged += bytes;
      if (unacknowledged >= CONNECTION_WINDOW / 2) {
        output.number(WINDOW_UPDATE, 0, unacknowledged);
        unacknowledged = 0;
      }
      if (exchange === undefined) return;
      exchange.unacknowledged += bytes;
      if (!isLast && exchange.unacknowledged > DEFAULT_WINDOW / 2) {
        output.number(WINDOW_UPDATE, exchange.streamId, exchange.unacknowledged);
        exchange.unacknowledged = 0;
      }
    },
    touch() {
      output.number(WINDOW_UPDATE, 0, 1);
      unacknowledged--;
    },
  };
}
