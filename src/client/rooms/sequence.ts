import type { NumberedMessage, RoomPosition, RoomState } from '../../base/protocol.js';

/**
 * Messages of a room in the order of their numbers, each once, whichever way and in whatever order they
 * arrive.
 */
export interface Sequence {
  /** Behind the last message that was delivered; `null` until the server has said where the room stands. */
  readonly position: RoomPosition | null;
  /** Whether messages wait because one before them is missing. */
  readonly hasGap: boolean;
  /** A message as it arrived: delivered, kept until its turn, or dropped because it was here before. */
  hear(message: NumberedMessage): void;
  /** What the server says of the room. */
  apply(state: RoomState): Applied;
}

export interface Applied {
  /** Messages behind the position are gone for good: it has moved beyond them. */
  readonly isLost: boolean;
  /** How many messages were delivered. */
  readonly delivered: number;
}

/**
 * Messages beyond a gap that are kept. What does not fit comes again when the gap is filled from the history.
 */
const MOST_EARLY = 500;

/**
 * The position moves before a message is delivered: whoever joins again while handling it does not get it
 * twice.
 */
export function createSequence(deliver: (message: NumberedMessage) => void, onLoss: () => void): Sequence {
  let position: RoomPosition | null = null;
  let delivered = 0;
  const early = new Map<string, NumberedMessage>();

  function isBehind({ epoch, offset }: RoomPosition): boolean {
    return epoch === position?.epoch && offset <= position.offset;
  }

  function hear(message: NumberedMessage): void {
    if (isBehind(message)) return;
    if (early.size < MOST_EARLY || isNext(message)) early.set(keyOf(message), message);
    release();
  }

  function isNext({ epoch, offset }: RoomPosition): boolean {
    return epoch === position?.epoch && offset === position.offset + 1;
  }

  /** Delivers as long as the next one is there. */
  function release(): void {
    while (position !== null) {
      const { epoch, offset } = position;
      const key = keyOf({ epoch, offset: offset + 1 });
      const next = early.get(key);
      if (next === undefined) return;
      early.delete(key);
      position = { epoch, offset: offset + 1 };
      delivered++;
      deliver(next);
    }
  }

  function apply({ position: now, recovered, messages }: RoomState): Applied {
    const before = position;
    const deliveredBefore = delivered;
    const [first] = messages;
    // When something is lost, it is the last messages that come, if any do. If not even the position is new,
    // another connection has brought everything up to it while this answer was under way.
    const isLost = before !== null && (now === null || (!recovered && !isBehind(now)));
    if (before === null || isLost) {
      position = first === undefined ? now : { epoch: first.epoch, offset: first.offset - 1 };
    }
    if (isLost) onLoss();
    if (position !== before) forgetStale();
    messages.forEach(hear);
    release();
    return { isLost, delivered: delivered - deliveredBefore };
  }

  function forgetStale(): void {
    for (const [key, message] of early) if (isStale(message)) early.delete(key);
  }

  /** Of the numbering that was lost, or behind the position that was jumped to. */
  function isStale(message: NumberedMessage): boolean {
    return message.epoch !== position?.epoch || isBehind(message);
  }

  return {
    get position() {
      return position;
    },
    get hasGap() {
      return early.size > 0;
    },
    hear,
    apply,
  };
}

function keyOf({ epoch, offset }: RoomPosition): string {
  return `${offset} ${epoch}`;
}
