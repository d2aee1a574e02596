import { ClientFacingError } from '../../../base/errors.js';
import type { HistoryPosition, HistoryStore } from '../../../model/store.js';
import { stateOf, type LogEntry } from './log.js';

export interface ClaimDeps {
  readonly history: HistoryStore;
  /** How long it is remembered that a message was handled, in milliseconds. */
  readonly onceMs: number;
  readonly now: () => number;
}

/**
 * A message to handle: its turn, to be ended in one of two ways. Or it was handled before: the answer that it
 * got.
 */
export type OnceClaim = Turn | { readonly answer: string | null };

export interface Turn {
  /** Handled: whoever sends the message again gets the same answer. */
  done(answer: string | null): Promise<unknown>;
  /** Not handled: whoever sends it again has it handled again. */
  giveBack(): Promise<unknown>;
}

/** Claims of one message that are told apart; far more than anybody sends the same message. */
const MAX_ENTRIES = 1000;
const PAUSE_MS = 100;

/**
 * Takes the turn to handle the message `name`. Appending is atomic, so of two at once, on whichever
 * instances, one is first; the other waits up to `waitMs` for its answer. Rejects with `IN_PROGRESS` when
 * there is none by then.
 *
 * @param until When a handling that begins now is over for certain, in Unix milliseconds.
 */
export async function claimTurn(
  parts: ClaimDeps,
  name: string,
  until: number,
  waitMs: number,
): Promise<OnceClaim> {
  const { history, onceMs } = parts;
  const token = crypto.randomUUID();
  const append = (entry: LogEntry): Promise<HistoryPosition> =>
    history.append(name, JSON.stringify(entry), { maxEntries: MAX_ENTRIES, maxAgeMs: onceMs });
  const turn: Turn = {
    done: (answer) => append({ done: answer }),
    giveBack: () => append({ free: token }),
  };

  const { offset, epoch } = await append({ claim: token, until });
  if (offset === 1) return turn;
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    const state = await readState(parts, name, epoch);
    if (state.isDone) return { answer: state.answer };
    if (state.turn === token) return turn;
    if (waitedMs >= waitMs) break;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await turn.giveBack();
  throw new ClientFacingError('IN_PROGRESS', 'this message is being handled; send it again later');
}

async function readState({ history, now }: ClaimDeps, name: string, epoch: string) {
  const { recovered, entries } = await history.read(name, {
    since: { offset: 0, epoch },
    limit: MAX_ENTRIES,
  });
  if (recovered) return stateOf(entries, now());
  // Only the beginning of its log can be missing, and a message without one is not handled a second time on
  // suspicion.
  throw new ClientFacingError(
    'ALREADY_HANDLED',
    'this message was handled before, too long ago to repeat its answer',
  );
}
