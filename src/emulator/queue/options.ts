/** Queues and triggers, as `startEmulator` is told of them. */
import * as z from 'zod';
import type { FunctionTarget } from '../calls/function-target.js';
import {
  DEFAULT_RETENTION_MS,
  DEFAULT_TRIGGER_CUTOFF_MS,
  DEFAULT_VISIBILITY_MS,
  MAX_DELAY_SECONDS,
  MAX_RETENTION_SECONDS,
  MAX_TRIGGER_BATCH,
  MAX_TRIGGER_CUTOFF_MS,
  MAX_VISIBILITY_SECONDS,
  MIN_RETENTION_SECONDS,
} from './limits.js';

/** A queue of the local gateway; limits and defaults are those of Message Queue (documented). */
export interface QueueOptions {
  /** How long a message that was received is hidden from others, up to 12 hours. @default 30000 */
  readonly visibilityMs?: number | undefined;
  /** How long a new message is hidden, up to 15 minutes, unless it says so itself. @default 0 */
  readonly delayMs?: number | undefined;
  /** How long a message is kept: a minute to 14 days. @default 345600000, four days */
  readonly retentionMs?: number | undefined;
  /**
   * Where a message goes that was received `maxReceives` times and not deleted. Without it, it comes back
   * until it expires. Default: nowhere, as in the cloud.
   */
  readonly redrive?: { readonly to: string; readonly maxReceives: number } | undefined;
}

/** What all triggers have. There can be one for each queue. Documented. */
interface TriggerSource {
  readonly queue: string;
  /** Most messages of one call, up to 1000. Documented default. @default 1 */
  readonly batchSize?: number | undefined;
  /**
   * How long a batch waits to become full after its first message, up to 60 seconds; older documentation says
   * 20. @default 10000
   */
  readonly cutoffMs?: number | undefined;
  /** How long received messages are hidden from others. Default: as the queue says. */
  readonly visibilityMs?: number | undefined;
}

/** Calls a function with the messages of a queue. */
export interface FunctionTrigger extends TriggerSource {
  /** A function, or the id of one in `functions`. */
  readonly function: FunctionTarget | string;
  /**
   * Most calls at a time; a function in instances gets no more than these can take. What the cloud does is
   * not documented but for the quota of calls in a zone. @default 10
   */
  readonly concurrency?: number | undefined;
  /**
   * How attributes of messages are spelt in events: `data_type` was recorded, `dataType` is documented.
   * @default 'snake_case'
   */
  readonly attributeNames?: 'snake_case' | 'camelCase' | undefined;
}

/**
 * Sends what is in a queue to every socket of a path, without asking a function:
 * `gateway_websocket_broadcast`.
 */
export interface BroadcastTrigger extends TriggerSource {
  /** A websocket path as it is written in the specification; parameters stay in braces. */
  readonly broadcast: string;
  /**
   * What goes out: the trigger's whole envelope, or the body of the first message, as the transformer
   * `.messages[0].details.message.body | fromjson` makes it. @default 'envelope'
   */
  readonly payload?: 'envelope' | 'body' | undefined;
}

/** What takes messages from a queue: a function, or the sockets of a path. */
export type TriggerOptions = FunctionTrigger | BroadcastTrigger;

const seconds = (most: number, least = 0): z.ZodNumber =>
  z
    .number()
    .min(least * 1000)
    .max(most * 1000);

export const queuesSchema = z
  .record(
    z
      .string()
      .regex(
        /^[\w-]{1,80}$/,
        'a queue has up to 80 letters, digits, - and _ as its name; FIFO is not emulated',
      ),
    z.strictObject({
      visibilityMs: seconds(MAX_VISIBILITY_SECONDS).default(DEFAULT_VISIBILITY_MS),
      delayMs: seconds(MAX_DELAY_SECONDS).default(0),
      retentionMs: seconds(MAX_RETENTION_SECONDS, MIN_RETENTION_SECONDS).default(DEFAULT_RETENTION_MS),
      redrive: z.strictObject({ to: z.string(), maxReceives: z.int().min(1).max(1000) }).optional(),
    }),
  )
  .default({});

export const TRIGGER_DEFAULTS = { batchSize: 1, cutoffMs: DEFAULT_TRIGGER_CUTOFF_MS } as const;

const source = {
  queue: z.string().refine((name) => !name.endsWith('.fifo'), 'triggers do not accept FIFO queues'),
  batchSize: z.int().min(1).max(MAX_TRIGGER_BATCH).default(TRIGGER_DEFAULTS.batchSize),
  cutoffMs: z.number().min(0).max(MAX_TRIGGER_CUTOFF_MS).default(TRIGGER_DEFAULTS.cutoffMs),
  visibilityMs: seconds(MAX_VISIBILITY_SECONDS).optional(),
};

/** @param target What stands for a function. */
export function triggersSchema<T extends z.ZodType>(target: T) {
  const toFunction = z.strictObject({
    ...source,
    function: z.union([target, z.string()]),
    concurrency: z.int().min(1).default(10),
    attributeNames: z.enum(['snake_case', 'camelCase']).default('snake_case'),
  });
  const toSockets = z.strictObject({
    ...source,
    broadcast: z.string().startsWith('/', "a path begins with '/'"),
    payload: z.enum(['envelope', 'body']).default('envelope'),
  });
  return z.array(z.union([toFunction, toSockets])).default([]);
}
