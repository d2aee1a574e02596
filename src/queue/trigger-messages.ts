import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import { check, firstIssue, lazily } from '../base/options.js';

/**
 * What is needed of a trigger's event. Attributes of messages are spelt in two ways (`data_type` in recorded events,
 * `dataType` in the documentation); jobs carry none, so both pass.
 */
const eventSchema = lazily(() =>
  z.object({
    messages: z.array(z.object({ details: z.object({ message: z.object({ body: z.string() }) }) })),
  }),
);

/** The bodies of the messages that the trigger of a queue brings. Throws `INVALID_EVENT` when it is no such event. */
export function bodiesOf(event: unknown): string[] {
  const result = check(eventSchema(), event);
  if (result.success) return result.data.messages.map(({ details }) => details.message.body);
  const { path, message } = firstIssue(result.error);
  throw new BroadcastError(
    'INVALID_EVENT',
    `${path.join('.')}: ${message}; expected the event of a queue's trigger`,
  );
}
