import type { Downloads } from './downloads.js';
import type { InFlight } from './in-flight.js';
import type { WriteBuffer } from './write-buffer.js';

/**
 * Keeps answers from waiting for TCP. A server that uses Nagle's algorithm and has sent a WINDOW_UPDATE for a
 * large body holds its answer back until our kernel has acknowledged that; and a kernel that has nothing to
 * send waits 40 ms before it acknowledges. So we send something: the smallest frame that means next to
 * nothing.
 */
export interface PromptAcks {
  /** A WINDOW_UPDATE came. */
  onWindowUpdate(): void;
}

export function createPromptAcks(output: WriteBuffer, inFlight: InFlight, downloads: Downloads): PromptAcks {
  let isScheduled = false;
  /**
   * Requests that have had their frame. One for each is all: servers count frames of this kind, and some take
   * a client that sends many for an attacker.
   */
  let prompted = 0;

  return {
    onWindowUpdate() {
      if (isScheduled || prompted >= inFlight.carried) return;
      isScheduled = true;
      const { writes } = output;
      // What else there is to send in this turn carries the acknowledgement as well.
      setImmediate(() => {
        isScheduled = false;
        if (inFlight.size === 0 || output.writes !== writes) return;
        prompted++;
        downloads.touch();
      });
    },
  };
}
