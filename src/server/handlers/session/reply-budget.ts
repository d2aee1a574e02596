import { MAX_REPLY_BYTES } from '../../../base/protocol.js';

/** How much still fits into a reply. */
export interface ReplyBudget {
  isSpent(): boolean;
  /** Bytes that are left, at least 1. */
  left(): number;
  /**
   * Takes room for a piece of JSON, if there is any. In a reply about one room the first piece always fits.
   */
  spend(text: string): boolean;
}

/** What a room costs in a reply beside its name and its messages, at most. */
const ROOM_BYTES = 250;

export function createReplyBudget(rooms: readonly string[]): ReplyBudget {
  const names = rooms.reduce((sum, room) => sum + Buffer.byteLength(JSON.stringify(room)), 0);
  let left = MAX_REPLY_BYTES - names - rooms.length * ROOM_BYTES;
  // A history keeps nothing larger than a reply, and the gateway takes a little more than our replies have.
  let mustFit = rooms.length === 1;
  return {
    isSpent: () => !mustFit && left <= 0,
    left: () => Math.max(1, left),
    spend(text) {
      const bytes = Buffer.byteLength(text) + 1;
      const fits = mustFit || bytes <= left;
      mustFit = false;
      left = fits ? left - bytes : 0;
      return fits;
    },
  };
}
