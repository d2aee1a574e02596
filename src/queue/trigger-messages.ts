import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import { check, firstIssue, lazily } from '../base/options.js';

/**
 * What is needed of a trigger's event. Attributes of messages are spelt in two ways (`data_type` in recorded
 * events, `dataType` in the documentation); jobs carry none, so both pass.
 */
const eventSchema = lazily(() =>
  z.object({
    messages: z.array(z.object({ details: z.object({ message: z.object({ body: z.string() }) }) })),
  }),
);

/**
 * A trigger's event in two: one with the messages that are wanted, one with the others; absent when there are
 * none.
 */
export function splitEvent(
  event: unknown,
  isWanted: (body: string) => boolean,
): { readonly wanted?: unknown; readonly others?: unknown } {
  const result = check(eventSchema(), event);
  if (!result.success) return { others: event };
  const wanted = result.data.messages.map(({ details }) => isWanted(details.message.body));
  if (!wanted.includes(true)) return { others: event };
  if (!wanted.includes(false)) return { wanted: event };
  const { messages, ...rest } = event as { readonly messages: readonly unknown[] };
  return {
    wanted: { ...rest, messages: messages.filter((_, index) => wanted[index]) },
    others: { ...rest, messages: messages.filter((_, index) => wanted[index] !== true) },
  };
}

/**
 * The bodies of the messages that the trigger of a queue brings. Throws `INVALID_EVENT` when it is no such
 * event.
 */
export function bodiesOf(event: unknown): string[] {
  const result = check(eventSchema(), event);
  if (result.success) return result.data.messages.map(({ details }) => details.message.body);
  const { path, message } = firstIssue(result.error);
  throw new BroadcastError(
    'INVALID_EVENT',
    `${path.join('.')}: ${message}; expected the event of a queue's trigger`,
  );
}
