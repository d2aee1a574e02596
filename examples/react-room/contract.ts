import { defineContract } from 'yc-broadcast';
import * as z from 'zod';

export const name = z.string().trim().min(1).max(32);

/** What a page says of itself when it connects. The key is its secret; others only ever see its hash. */
export const visitor = z.object({ key: z.string().min(16).max(64), name });

const note = z.object({ user: z.string(), name: z.string(), text: z.string(), at: z.number() });

/** A note of the room's history: `id` is the one that it had when it was pinned. */
export const kept = z.object({ id: z.string(), data: note });

export const wall = defineContract({
  client: {
    /**
     * The newest notes, oldest first: for a page that opens. What it misses later, the client fetches by
     * itself.
     */
    notes: { data: z.object({ room: z.string() }), reply: z.array(kept) },
    /** Handled once, so the page may send it again after a break. */
    pin: { data: z.object({ room: z.string(), text: z.string().trim().min(1).max(280) }), once: true },
  },
  server: {
    pinned: note,
  },
});

export type Note = z.output<typeof note>;
