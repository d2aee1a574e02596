import { ACK } from './frames.js';
import { ENHANCE_YOUR_CALM, PeerFlood } from './protocol-failure.js';
import type { WriteBuffer } from './write-buffer.js';

/** Answers PING and SETTINGS frames, as long as the other side reads the answers. */
export type Acknowledge = (type: number, payload: Buffer) => void;

/**
 * Answers that may wait for the socket: 170 KB, if all are for PINGs. It is more than one read can ask for,
 * so that only who does not read comes so far.
 */
const MAX_UNSENT = 10_000;

/** The returned function throws {@link PeerFlood} beyond the bound. */
export function createAcknowledge(output: WriteBuffer): Acknowledge {
  let unsent = 0;
  let countedAt = 0;

  return (type, payload) => {
    if (output.writes !== countedAt) {
      countedAt = output.writes;
      unsent = 0;
    }
    unsent++;
    if (unsent > MAX_UNSENT) throw new PeerFlood(ENHANCE_YOUR_CALM);
    output.frame(type, ACK, 0, payload);
  };
}
