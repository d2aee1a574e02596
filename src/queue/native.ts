import * as z from 'zod/mini';
import { checkServerData, type Contract, type ServerDataOf } from '../model/contract.js';
import { BroadcastError } from '../base/errors.js';
import { messageId, serverMessageText } from '../server/fanout/message.js';
import { lazily, objectWith, parseOptions } from '../base/options.js';
import { queueSafe, type MessageQueue, type QueueSendOptions } from './message-queue.js';

/** What a path broadcaster is made of. */
export interface PathBroadcasterOptions<K extends Contract = Contract> {
  /** The queue whose trigger broadcasts to the path, such as `messageQueue({ name: 'live' })`. */
  readonly queue: MessageQueue;
  /** Types and checks what is sent. Without it any type and any JSON value may be sent. */
  readonly contract?: K | undefined;
  /**
   * Most messages in one batch of the trigger. The trigger sends a batch as one frame, so each message may
   * have its share of `maxFrameBytes`. @default 1
   */
  readonly batchSize?: number | undefined;
  /**
   * Most bytes of a frame, with the trigger's envelope. A WebSocket message has 131,072 at most; what becomes
   * of a larger one is not documented. @default 100000
   */
  readonly maxFrameBytes?: number | undefined;
}

/** How one message is sent over the native lane. */
export interface PathSendOptions extends QueueSendOptions {
  /**
   * The message's id; a message that is sent again with it is heard once by clients of this library. Default:
   * a new one.
   */
  readonly idempotencyKey?: string | undefined;
}

/** What is known of a message that went out over the native lane, and what nobody can know. */
export interface PathBroadcast {
  /** The same in every copy. */
  readonly id: string;
  /** Of the message, without the trigger's envelope. */
  readonly bytes: number;
  /** The queue has taken the message. Whether the trigger has sent it to anybody is not told. */
  readonly queued: true;
  readonly recipients: 'unknown';
  readonly delivered: 'unknown';
  readonly stale: 'unknown';
  readonly failed: 'unknown';
}

/** Reaches every socket of a path with one message on a queue: cheap, and without a report. */
export interface PathBroadcaster<K extends Contract = Contract> {
  /**
   * Puts one message on the queue, and resolves when the queue has it. The platform's trigger then sends it
   * to every socket that is open on the path: best effort, in no order, and what cannot be sent is lost
   * (documented). Nobody is told who got it.
   *
   * Rejects with `QUEUE_UNAVAILABLE`, `PAYLOAD_TOO_LARGE` when it would not fit into a frame, or
   * `INVALID_OPTIONS` when it does not fit the contract.
   */
  send<T extends keyof K['server'] & string>(
    type: T,
    data: ServerDataOf<K, T>,
    options?: PathSendOptions,
  ): Promise<PathBroadcast>;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    queue: objectWith<MessageQueue>('a queue, such as messageQueue()', 'send'),
    contract: z.optional(objectWith<Contract>('a contract')),
    batchSize: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 1),
    maxFrameBytes: z._default(z.int().check(z.minimum(1024), z.maximum(131_072)), 100_000),
  }),
);

const sendOptionsSchema = lazily(() =>
  z.strictObject({
    idempotencyKey: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
    signal: z.optional(z.instanceof(AbortSignal)),
    deadline: z.optional(z.number()),
  }),
);

/**
 * What the trigger says about each message: about 700 bytes in a recorded event, with room for longer names.
 */
const ENVELOPE_BYTES = 1200;

/**
 * Makes a broadcaster for the platform's own lane: a queue whose trigger has the action
 * `gateway_websocket_broadcast`. For what is the same for everybody on a path and may get lost, such as a
 * score that is sent again soon. `docs/queue.md` says how to set it up. Clients unwrap the trigger's envelope
 * with `nativeLane()` of `yc-broadcast/client/native`.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 *
 * @example
 * const live = pathBroadcaster({ queue: messageQueue({ name: 'live' }), contract: board });
 * await live.send('score', { home: 2, away: 1 });
 */
export function pathBroadcaster<K extends Contract = Contract>(
  given: PathBroadcasterOptions<K>,
): PathBroadcaster<K> {
  const parsed = parseOptions(optionsSchema(), given, 'pathBroadcaster');
  const { queue, contract, batchSize, maxFrameBytes } = parsed;
  const maxBytes = Math.floor(maxFrameBytes / batchSize) - ENVELOPE_BYTES;

  return {
    async send(type, data, options = {}) {
      const { idempotencyKey, ...sending } = parseOptions(sendOptionsSchema(), options, 'send options');
      const id = messageId(idempotencyKey);
      const body = queueSafe(serverMessageText({ type, data: checkServerData(contract, type, data), id }));
      // As it stands in the envelope: a text in JSON, with its quotes escaped.
      const inEnvelope = Buffer.byteLength(JSON.stringify(body));
      if (inEnvelope > maxBytes) {
        throw new BroadcastError(
          'PAYLOAD_TOO_LARGE',
          `send('${type}'): takes ${inEnvelope} bytes in the trigger's envelope, which holds ${maxBytes}`,
        );
      }
      await queue.send([{ body }], sending);
      const unknown = 'unknown';
      return {
        id,
        bytes: Buffer.byteLength(body),
        queued: true,
        recipients: unknown,
        delivered: unknown,
        stale: unknown,
        failed: unknown,
      };
    },
  };
}
