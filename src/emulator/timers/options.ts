/** Timers, as `startEmulator` is told of them. */
import * as z from 'zod';
import { parseDuration } from '../clock.js';
import type { FunctionTarget } from '../calls/function-target.js';

/** A trigger that calls a function again and again. */
export interface TimerOptions {
  /** Milliseconds, or a text such as `'1m'`. In the cloud a cron expression says it, to the minute. */
  readonly every: number | string;
  /** A function, or the id of one in `functions`. */
  readonly function: FunctionTarget | string;
  /** What the event's `details.payload` says. @default '' */
  readonly payload?: string | undefined;
}

/** @param target What stands for a function. */
export function timersSchema<T extends z.ZodType>(target: T) {
  const every = z
    .union([z.number(), z.string()])
    .transform((given) => parseDuration(given) ?? 0)
    .refine((ms) => ms > 0, "expected milliseconds or a text such as '1m'");
  return z
    .array(
      z.strictObject({ every, function: z.union([target, z.string()]), payload: z.string().default('') }),
    )
    .default([]);
}
