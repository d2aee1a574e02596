import { defineContract } from 'yc-broadcast';
import * as z from 'zod/mini';

const goals = z.int().check(z.minimum(0), z.maximum(99));
const minute = z.int().check(z.minimum(0), z.maximum(130));

/** What the operator says: `POST /score`. */
export const update = z.strictObject({
  home: goals,
  away: goals,
  minute,
  isFinal: z._default(z.boolean(), false),
});

export const score = z.object({
  ...update.shape,
  /** When the operator said it, in Unix milliseconds: the newest holds, in whatever order they arrive. */
  at: z.number(),
  /** How it came here, and why that way: for this page, to show it. */
  lane: z.string(),
  why: z.string(),
});

export const board = defineContract({
  client: {},
  server: { score },
  /** The score as it stands, for those who come later. The only key is `now`. */
  state: { current: { value: score, ttlMs: 24 * 60 * 60 * 1000 } },
});

export type Update = z.output<typeof update>;
export type Score = z.output<typeof score>;
