import { defineContract } from 'yc-broadcast';
import * as z from 'zod/mini';

export const userName = z
  .string()
  .check(z.regex(/^[\p{L}\p{N}_-]{1,32}$/u, 'a name is 1 to 32 letters, digits, - or _'));

export const notification = z.object({
  title: z.string().check(z.minLength(1), z.maxLength(100)),
  text: z.string().check(z.maxLength(1000)),
  at: z.number(),
});

/** How many notifications somebody has not looked at. */
const badge = z.object({ unread: z.int() });

/** What is published: by `POST /notify`, from wherever things happen. */
export const order = z.strictObject({
  to: z.array(userName).check(z.minLength(1), z.maxLength(20)),
  title: notification.shape.title,
  text: notification.shape.text,
});

export const notifications = defineContract({
  client: {
    /** What a page shows when it is opened: the newest ones, the oldest first. */
    inbox: {
      data: z.object({}),
      reply: z.object({
        ...badge.shape,
        kept: z.array(z.object({ id: z.string(), ...notification.shape })),
      }),
    },
    /** Everything that is there has been looked at. */
    seen: z.object({}),
  },
  server: {
    notification,
    badge,
    /** From time to time, for those who have not looked. */
    digest: z.object({ ...badge.shape, newest: z.string() }),
  },
});

export type Notification = z.output<typeof notification>;
export type Order = z.output<typeof order>;
