import type { ConnectionStore, HistoryLimits } from 'yc-broadcast';
import type * as z from 'zod/mini';
import { kept } from './contract.js';

/** How much of a room is kept for those who come back, and for those who come. */
export const HISTORY: HistoryLimits = { maxEntries: 200, maxAgeMs: 7 * 24 * 60 * 60 * 1000 };

const MOST_RECENT = 30;

/** The last messages of a room, oldest first. */
export async function recentIn({ history }: ConnectionStore, room: string): Promise<z.output<typeof kept>[]> {
  if (history === undefined) return [];
  const { entries } = await history.read(room, { limit: MOST_RECENT });
  // What is kept is the message as it was sent: `{ type, data, id }`.
  return entries.map(({ offset, data }) => kept.parse({ ...(JSON.parse(data) as object), offset }));
}
