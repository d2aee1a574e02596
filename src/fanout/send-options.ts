import * as z from 'zod';
import { functionOption, parseOptions } from '../options.js';
import type { Progress } from '../report.js';

/** What may be said of one broadcast. */
export interface SendOptions {
  /** Stop starting sends in time for this instant, in Unix milliseconds. Default: the call's, see `during`. */
  readonly deadline?: number | undefined;
  /** Stops new sends and retries. Those under way end first; the report is partial and has a cursor. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the broadcast is, every `progressEveryMs` and at the end. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** @default 250 */
  readonly progressEveryMs?: number | undefined;
  /** Becomes the message's id: when the same broadcast is made twice, clients drop the second copy. At most 128 characters. */
  readonly idempotencyKey?: string | undefined;
  /** From this instant on the message is not worth sending, in Unix milliseconds. Those not tried by then are skipped. */
  readonly expiresAt?: number | undefined;
}

const sendOptionsSchema = z.strictObject({
  deadline: z.number().optional(),
  signal: z.instanceof(AbortSignal).optional(),
  onProgress: functionOption<(progress: Progress) => void>().optional(),
  progressEveryMs: z.number().positive().default(250),
  idempotencyKey: z.string().min(1).max(128).optional(),
  expiresAt: z.number().optional(),
});

export type ParsedSendOptions = z.output<typeof sendOptionsSchema>;

export function parseSendOptions(options: SendOptions | undefined): ParsedSendOptions {
  return parseOptions(sendOptionsSchema, options ?? {}, 'send options');
}
