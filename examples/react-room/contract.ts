import { defineContract } from 'yc-broadcast';
import * as z from 'zod';

export const name = z.string().trim().min(1).max(32);

/** What a page says of itself when it connects. The key is its secret; others only ever see its hash. */
export const visitor = z.object({ key: z.string().min(16).max(64), name });

export const wall = defineContract({
  client: {
    /** Handled once, so the page may send it again after a break. */
    pin: { data: z.object({ room: z.string(), text: z.string().trim().min(1).max(280) }), once: true },
  },
  server: {
    pinned: z.object({ user: z.string(), name: z.string(), text: z.string(), at: z.number() }),
  },
});
