import type { RoomState } from '../../base/protocol.js';
import type { Sequence } from './sequence.js';

/** What became of the messages that a room had while the connection was broken. */
export interface Recovery {
  /**
   * False when some are gone for good: the history is shorter. None of them was delivered; load the state
   * anew.
   */
  readonly recovered: boolean;
  /** How many were delivered. */
  readonly messages: number;
}

/** Reads a room's history up to its end, over as many answers as that takes. */
export interface CatchUp {
  /** The last answer was not the end. */
  readonly hasMore: boolean;
  /**
   * The last answer brought nothing new although something is missing: asking again at once would not help.
   */
  readonly isStuck: boolean;
  /** Takes an answer in. Returns the outcome when it was the last one. */
  apply(state: RoomState): Recovery | undefined;
  /** The connection has broken: the next one begins with an answer of its own. */
  lost(): void;
}

/**
 * Answers of a history that are asked for without a pause. A history that takes longer to read is treated as
 * stuck.
 */
const MOST_ANSWERS = 200;

export function createCatchUp(sequence: Sequence): CatchUp {
  let hasMore = false;
  let isStuck = false;
  let isLost = false;
  let messages = 0;
  /** How many answers in a row said that there is more. */
  let answers = 0;
  return {
    get hasMore() {
      return hasMore;
    },
    get isStuck() {
      return isStuck;
    },
    apply(state) {
      const applied = sequence.apply(state);
      isLost ||= applied.isLost;
      messages += applied.delivered;
      hasMore = state.more;
      const isIdle = applied.delivered === 0 || ++answers % MOST_ANSWERS === 0;
      isStuck = isIdle && (hasMore || sequence.hasGap);
      if (hasMore) return undefined;
      const recovery = { recovered: !isLost, messages };
      answers = messages = 0;
      isLost = false;
      return recovery;
    },
    lost() {
      hasMore = false;
    },
  };
}
