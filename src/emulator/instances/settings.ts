import * as z from 'zod';

/** A function that runs in instances of its own, each a process with its own memory, as in the cloud. */
export interface FunctionSource {
  /** A TypeScript or JavaScript file; `file.ts#name` takes another export than `handler`. */
  readonly entry: string;
  /**
   * How many instances there are: never fewer than `min`, which start with the gateway, and never more than
   * `max`. A number means just as many. The documented quota of a zone is 10. @default { min: 2, max: 10 }
   */
  readonly instances?:
    number | { readonly min?: number | undefined; readonly max?: number | undefined } | undefined;
  /** Calls that one instance may work on at a time, up to 16. Documented default. @default 1 */
  readonly concurrency?: number | undefined;
  /**
   * Calls that may be under way or wait for an instance; one more is refused with 429. The documented quota
   * of a zone.
   * @default 10
   */
  readonly requestsLimit?: number | undefined;
  /**
   * Longest time of a call, in milliseconds, the start of its instance included. Then the instance is
   * stopped, busy or not, and the other calls on it are aborted. Documented. @default the gateway's
   * `timeoutMs`
   */
  readonly timeoutMs?: number | undefined;
  /** Memory of an instance. Its heap, with buffers, must stay below. @default the gateway's `memoryMb` */
  readonly memoryMb?: number | undefined;
  /** How much longer a cold start takes than it does here, in milliseconds. @default 0 */
  readonly coldStartMs?: number | undefined;
  /**
   * How long an instance goes on after its last call before it gets no more processor time, in milliseconds:
   * what was not awaited stops, until the next call. `'off'` lets it run on, as no cloud does. @default 0
   */
  readonly freezeAfterMs?: number | 'off' | undefined;
  /** After how much idle time an instance above `min` is ended, in milliseconds. @default 300000 */
  readonly evictAfterMs?: number | undefined;
  /** Environment variables; they win over this process's own. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * Files of environment variables, from the folder of the project, the last one wins. This process's own win
   * over them.
   */
  readonly envFiles?: readonly string[] | undefined;
  /** Modules that each instance loads before the function. */
  readonly preload?: readonly string[] | undefined;
  /** Whether a change of the source, or of `envFiles`, replaces the instances. @default false */
  readonly watch?: boolean | undefined;
}

const count = z.int().min(1);
const ms = z.number().min(0);

/** The numbers are the documented defaults and quotas of the platform. */
export const FUNCTION_DEFAULTS = {
  instances: { min: 2, max: 10 },
  concurrency: 1,
  requestsLimit: 10,
  coldStartMs: 0,
  freezeAfterMs: 0,
  evictAfterMs: 300_000,
} as const;

const instancesSchema = z
  .union([count, z.strictObject({ min: count.optional(), max: count.optional() })])
  .default({})
  .transform((given) => {
    if (typeof given === 'number') return { min: given, max: given };
    const { instances } = FUNCTION_DEFAULTS;
    const { min = Math.min(instances.min, given.max ?? instances.min) } = given;
    return { min, max: given.max ?? Math.max(instances.max, min) };
  })
  .refine(({ min, max }) => min <= max, 'min is more than max');

export const functionSourceSchema = z.strictObject({
  entry: z.string().min(1),
  instances: instancesSchema,
  concurrency: count.max(16, 'the platform takes 16 at most').default(FUNCTION_DEFAULTS.concurrency),
  requestsLimit: count.default(FUNCTION_DEFAULTS.requestsLimit),
  timeoutMs: z.number().positive().optional(),
  memoryMb: z.number().positive().optional(),
  coldStartMs: ms.default(FUNCTION_DEFAULTS.coldStartMs),
  freezeAfterMs: z.union([ms, z.literal('off')]).default(FUNCTION_DEFAULTS.freezeAfterMs),
  evictAfterMs: z.number().positive().default(FUNCTION_DEFAULTS.evictAfterMs),
  env: z.record(z.string(), z.string()).default({}),
  envFiles: z.array(z.string()).default([]),
  preload: z.array(z.string()).default([]),
  watch: z.boolean().default(false),
});

export type ParsedFunctionSource = z.output<typeof functionSourceSchema>;
