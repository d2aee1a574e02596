import { defineContract } from 'yc-broadcast';
// `zod` does as well, but every cold start has to load it.
import * as z from 'zod/mini';

/** Something that can be seen: spaces and zero-width characters alone are no name and no message. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Rooms stand in links (`#room`), so they are one short word. */
export const room = z
  .string()
  .check(
    z.trim(),
    z.toLowerCase(),
    z.regex(/^[\p{L}\p{N}][\p{L}\p{N}_-]{0,31}$/u, 'a room is 1 to 32 letters, digits, - or _'),
  );

const name = z.string().check(z.trim(), z.maxLength(32), z.regex(VISIBLE), z.regex(/^\P{Cc}*$/u));
const text = z.string().check(z.trim(), z.maxLength(2000), z.regex(VISIBLE));

/** What a page says of itself when it connects. The key is its secret; others only ever see its hash. */
export const visitor = z.object({ key: z.string().check(z.minLength(16), z.maxLength(64)), name });

export const person = z.object({ user: z.string(), name: z.string() });

/** Who is in a room. `at` tells the newer of two lists, since the gateway promises no order. */
const here = z.object({
  room,
  at: z.number(),
  count: z.int(),
  /** Left out of big rooms: a list of everybody, sent to everybody, grows with the square. */
  people: z.optional(z.array(person)),
});

/** `ref` is the id that its author gave the message: the page knows its own by it. */
const said = z.object({ room, from: person, text, at: z.number(), ref: z.optional(z.string()) });

export const chat = defineContract({
  client: {
    join: { data: z.object({ room }), reply: here },
    leave: z.object({ room }),
    say: {
      data: z.object({ room, text }),
      /** The delivery report, as far as it concerns the one who speaks. */
      reply: z.object({
        at: z.number(),
        recipients: z.int(),
        delivered: z.int(),
        stale: z.int(),
      }),
    },
    rename: z.object({ name }),
  },
  server: {
    /** The first message on a connection: who the page is to the others. */
    welcome: person,
    said,
    here,
  },
});

export type Person = z.output<typeof person>;
export type Here = z.output<typeof here>;
