/** How many messages may be under way at once: more than the gateway takes are lost without a word. */
export interface SendWindow {
  readonly size: number;
  /** A message was answered, or refused because of too many (`RATE_LIMITED`), or never answered. */
  learn(isAnswered: boolean): void;
}

/**
 * The platform runs 10 calls of a function at once unless its quota was raised; a `$ping` needs room, too.
 */
const MOST = 8;

/** Halves with each refusal, and grows by one after as many answers as fit into it. */
export function createSendWindow(): SendWindow {
  let size = MOST;
  let answered = 0;
  return {
    get size() {
      return size;
    },
    learn(isAnswered) {
      if (!isAnswered) size = Math.ceil(size / 2);
      else if (++answered < size) return;
      else if (size < MOST) size++;
      answered = 0;
    },
  };
}
