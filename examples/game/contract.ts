import { defineContract } from 'yc-broadcast';
// `zod` does as well, but every cold start has to load it.
import * as z from 'zod/mini';

/** Fields of a side of the board. */
export const SIDE = 6;
export const FIELDS = SIDE * SIDE;
/** At most so many play at a table. */
export const SEATS = ['1', '2', '3', '4', '5', '6', '7', '8'] as const;

/** A player who is silent for so long has left; pages say `ready` more often. */
const SEAT_MS = 60_000;
/** So long a player waits between two fields. */
export const REST_MS = 600;
/** How long fields and bots stay. */
export const BOARD_MS = 30 * 60_000;

/** Tables stand in links (`#table`), so they are one short word. */
export const tableName = z
  .string()
  .check(z.regex(/^[\p{L}\p{N}_-]{1,32}$/u, 'a table is 1 to 32 letters, digits'));
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
const name = z.string().check(z.trim(), z.maxLength(16), z.regex(VISIBLE));

const seatName = z.enum(SEATS);
const seat = z.object({
  user: z.string(),
  name: z.string(),
  isBot: z.boolean(),
  /** The game for which this player is ready: a new one makes nobody ready, without a change of any seat. */
  readyFor: z.int(),
});

export const game = defineContract({
  client: {
    /** Takes a free seat, for oneself or for a bot. */
    sit: {
      data: z.object({ room: tableName, name, isBot: z._default(z.boolean(), false) }),
      reply: z.object({ seat: seatName }),
    },
    /** For which game; 0 for none. Said again and again, it keeps the seat. */
    ready: z.object({ room: tableName, game: z.int() }),
    /** Gives up the own seat, or that of a bot. */
    leave: z.object({ room: tableName, seat: seatName }),
    claim: {
      data: z.object({ room: tableName, field: z.int().check(z.minimum(0), z.maximum(FIELDS - 1)) }),
      /** Whose the field is now. */
      reply: z.object({ seat: seatName }),
    },
    /** An empty board, after this game. */
    again: z.object({ room: tableName, game: z.int() }),
  },
  server: {},
  state: {
    seats: { value: seat, ttlMs: SEAT_MS },
    /** By game and field, `3.17`: a new game leaves the old fields behind, and they vanish by themselves. */
    fields: { value: z.object({ seat: seatName, at: z.number() }), ttlMs: BOARD_MS },
    /** The only key is `number`: which game is on. */
    game: { value: z.int() },
  },
});

export type Seat = z.output<typeof seat>;
export type SeatName = z.output<typeof seatName>;
