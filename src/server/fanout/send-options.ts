import * as z from 'zod/mini';
import { functionOption, lazily, parseOptions } from '../../base/options.js';
import type { Progress } from '../../model/report.js';

/** What may be said of one broadcast. */
export interface SendOptions {
  /**
   * Stop starting sends in time for this instant, in Unix milliseconds. Default: the call's, see `during`.
   */
  readonly deadline?: number | undefined;
  /** Stops new sends and retries. Those under way end first; the report is partial and has a cursor. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the broadcast is, every `progressEveryMs` and at the end. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** @default 250 */
  readonly progressEveryMs?: number | undefined;
  /**
   * Becomes the message's id: when the same broadcast is made twice, clients drop the second copy. At most
   * 128 characters.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * From this instant on the message is not worth sending, in Unix milliseconds. Those not tried by then are
   * skipped.
   */
  readonly expiresAt?: number | undefined;
}

const sendOptionsSchema = lazily(() =>
  z.strictObject({
    deadline: z.optional(z.number()),
    signal: z.optional(z.instanceof(AbortSignal)),
    onProgress: z.optional(functionOption<(progress: Progress) => void>()),
    progressEveryMs: z._default(z.number().check(z.positive()), 250),
    idempotencyKey: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
    expiresAt: z.optional(z.number()),
  }),
);

export type ParsedSendOptions = z.output<ReturnType<typeof sendOptionsSchema>>;

export function parseSendOptions(options: SendOptions | undefined): ParsedSendOptions {
  return parseOptions(sendOptionsSchema(), options ?? {}, 'send options');
}
