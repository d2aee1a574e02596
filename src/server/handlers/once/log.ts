import { parseJson } from '../../../base/json.js';
import type { HistoryEntry } from '../../../model/store.js';

/**
 * The log of one message that is handled once, as entries of a history: their order is the same for everybody
 * who reads them, so all agree on whose turn it is.
 *
 * - `claim`: this handling wants its turn, and will be over at the latest at `until`, in Unix milliseconds.
 * - `done`: it was handled, and this was the answer; `null` when nothing was sent.
 * - `free`: this handling gave its turn back.
 */
export type LogEntry =
  | { readonly claim: string; readonly until: number }
  | { readonly done: string | null }
  | { readonly free: string };

export type LogState =
  | { readonly isDone: true; readonly answer: string | null }
  | { readonly isDone: false; readonly turn: string | undefined };

/** The first claim that was not given back and whose handling can still be under way has its turn. */
export function stateOf(entries: readonly HistoryEntry[], now: number): LogState {
  const claims = new Map<string, number>();
  for (const { data } of entries) {
    const entry = parseJson(data) as LogEntry;
    if ('done' in entry) return { isDone: true, answer: entry.done };
    if ('claim' in entry) claims.set(entry.claim, entry.until);
    else claims.delete(entry.free);
  }
  const turn = [...claims].find(([, until]) => until > now)?.[0];
  return { isDone: false, turn };
}
