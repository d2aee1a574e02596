import * as z from 'zod/mini';
import { functionOption, lazily, parseOptions } from '../../base/options.js';
import { isLocal } from '../../model/diagnostics.js';
import { LEVELS, type LogFields, type LogLevel } from './logger.js';

/** What {@link logs} writes, and where. */
export interface LogsOptions {
  /**
   * The least important level that is written. `WARN` leaves out what went well.
   * @default the variable YC_BROADCAST_LOG_LEVEL, or INFO
   */
  readonly level?: LogLevel | undefined;
  /** Goes into every line as `stream_name`, 1 to 63 characters. */
  readonly streamName?: string | undefined;
  /** Key of the short forms of ids. @default the variable YC_BROADCAST_HASH_KEY, or else the function's id */
  readonly hashKey?: string | undefined;
  /**
   * More for each line, asked for when it is written, for example `traceFields` of
   * `yc-broadcast/opentelemetry`.
   */
  readonly fields?: (() => LogFields) | undefined;
  /**
   * Whether messages of errors are shown, without what stood in the event and what looks like a token. What
   * else drivers and hooks may put there, from the store for example, cannot be recognised. @default true at
   * the local gateway and in tests, false elsewhere
   */
  readonly errorMessages?: boolean | undefined;
  /** Takes a line, which has no line break at its end. @default console.log */
  readonly write?: ((line: string) => void) | undefined;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    level: z.optional(z.enum(LEVELS)),
    streamName: z.optional(z.string().check(z.minLength(1), z.maxLength(63))),
    hashKey: z.optional(z.string().check(z.minLength(1))),
    fields: z.optional(functionOption<() => LogFields>()),
    errorMessages: z.optional(z.boolean()),
    write: z.optional(functionOption<(line: string) => void>()),
  }),
);

const levelSchema = lazily(() =>
  z.strictObject({ YC_BROADCAST_LOG_LEVEL: z._default(z.enum(LEVELS), 'INFO') }),
);

export function parseLogsOptions(options: LogsOptions) {
  const { level, errorMessages, write, ...rest } = parseOptions(optionsSchema(), options, 'logs');
  const { YC_BROADCAST_LOG_LEVEL } = process.env;
  const variable = { YC_BROADCAST_LOG_LEVEL: YC_BROADCAST_LOG_LEVEL || undefined };
  return {
    ...rest,
    level: level ?? parseOptions(levelSchema(), variable, 'environment').YC_BROADCAST_LOG_LEVEL,
    // Set by the local gateway.
    errorMessages: errorMessages ?? isLocal(),
    // Looked up when it is used: tests and tools put another console in its place.
    write:
      write ??
      ((line: string) => {
        console.log(line);
      }),
  };
}
