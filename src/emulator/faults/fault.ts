/** What can go wrong on purpose: at which point, how, how often, and for whom. */
import * as z from 'zod';
import { parseOptions } from '../../base/options.js';

/** Which of the things that come to a point are struck. */
export interface FaultAim {
  /** The share that is struck, above 0 and up to 1. Which ones follows from the seed. @default 1 */
  readonly rate?: number | undefined;
  /** How many are struck, before all is well again. @default Infinity */
  readonly times?: number | undefined;
  /** Id of the only connection that is concerned. Default: every connection. */
  readonly connection?: string | undefined;
  /**
   * The only path that is concerned, as in the specification or as the client asked for it. Default: every
   * path.
   */
  readonly path?: string | undefined;
}

/** At `Connection.Send`, over REST and gRPC alike. */
export interface SendFault extends FaultAim {
  readonly on: 'send';
  /**
   * What is answered: an HTTP status from 400 to 599, over gRPC the code that goes with it; `gone`, which
   * cuts the socket and answers that there is no such connection; `hang`, no answer ever; `reset`, the
   * request is cut off. In none of these cases does the message reach the socket. `answer-lost` delivers it,
   * and then cuts the request off.
   */
  readonly status?: number | 'gone' | 'hang' | 'reset' | 'answer-lost' | undefined;
  /** How long the send takes, in milliseconds; alone, it succeeds after that. */
  readonly delayMs?: number | undefined;
  /** What the answer asks the caller to wait: `Retry-After` over REST, `grpc-retry-pushback-ms` over gRPC. */
  readonly retryAfterSeconds?: number | undefined;
}

/** At the handshake, before the function is asked. */
export interface ConnectFault extends FaultAim {
  readonly on: 'connect';
  /** An HTTP status from 400 to 599 that refuses the handshake; or `reset`, the TCP connection is cut. */
  readonly status?: number | 'reset' | undefined;
  /** How long it takes until the function is asked, or the handshake refused, in milliseconds. */
  readonly delayMs?: number | undefined;
}

/** At a client's message, before the function is called. */
export interface MessageFault extends FaultAim {
  readonly on: 'message';
  /**
   * `duplicate` calls the function twice; `reorder` lets the connection's next message overtake; `drop` calls
   * nobody.
   */
  readonly effect: 'duplicate' | 'reorder' | 'drop';
  /** Of `reorder`: how long the message waits to be overtaken, in milliseconds. @default 1000 */
  readonly delayMs?: number | undefined;
}

/** At the disconnect event. The cloud tries to deliver it and does not guarantee it. Documented. */
export interface DisconnectFault extends FaultAim {
  readonly on: 'disconnect';
  /**
   * `lost` calls nobody; `late` calls the function after a while; `duplicate` calls it twice; `early` is a
   * client that goes away during its handshake, so that the disconnect event arrives while the connect call
   * is still under way.
   */
  readonly effect: 'lost' | 'late' | 'duplicate' | 'early';
  /** Of `late`: how late, in milliseconds. @default 5000 */
  readonly delayMs?: number | undefined;
}

/** At a call of a function. */
export interface InstanceFault extends FaultAim {
  readonly on: 'instance';
  /** The instance dies during the call, and with it all other calls that it was working on. */
  readonly effect: 'kill';
  /** How long the call runs before, in milliseconds. @default 0 */
  readonly delayMs?: number | undefined;
}

/** At a request of the management API. */
export interface TokenFault extends FaultAim {
  readonly on: 'token';
  /** The IAM token is refused with 401, as after its twelve hours. */
  readonly effect: 'expired';
}

/** At a message that a trigger has received from a queue. */
export interface QueueFault extends Pick<FaultAim, 'rate' | 'times'> {
  readonly on: 'queue';
  /**
   * The message is delivered once more, whatever becomes of this delivery: the queue promises at least once.
   */
  readonly effect: 'duplicate';
  /** How much later the second delivery is, in milliseconds. @default 0 */
  readonly delayMs?: number | undefined;
  /** Name of the only queue that is concerned. Default: every queue. */
  readonly queue?: string | undefined;
}

/** Something that goes wrong on purpose. */
export type Fault =
  SendFault | ConnectFault | MessageFault | DisconnectFault | InstanceFault | TokenFault | QueueFault;

/** Where faults strike. */
export type FaultPoint = Fault['on'];

const share = {
  rate: z.number().positive().max(1).default(1),
  times: z.union([z.int().positive(), z.literal(Infinity)]).default(Infinity),
};
const aim = {
  ...share,
  connection: z.string().min(1).optional(),
  path: z.string().startsWith('/', "a path begins with '/'").optional(),
};
const delayMs = z.number().min(0);
const httpStatus = z.int().min(400).max(599);

const send = z
  .strictObject({
    on: z.literal('send'),
    status: z
      .union([httpStatus, z.enum(['gone', 'hang', 'reset', 'answer-lost'])], {
        error: 'expected a status from 400 to 599, gone, hang, reset or answer-lost',
      })
      .optional(),
    delayMs: delayMs.optional(),
    retryAfterSeconds: z.int().positive().optional(),
    ...aim,
  })
  .refine(hasEffect, { path: ['status'], message: 'expected a status or delayMs' })
  .refine(({ status, retryAfterSeconds }) => retryAfterSeconds === undefined || typeof status === 'number', {
    path: ['retryAfterSeconds'],
    message: 'goes with a status that is a number',
  });

const connect = z
  .strictObject({
    on: z.literal('connect'),
    status: z
      .union([httpStatus, z.literal('reset')], { error: 'expected a status from 400 to 599, or reset' })
      .optional(),
    delayMs: delayMs.optional(),
    ...aim,
  })
  .refine(hasEffect, { path: ['status'], message: 'expected a status or delayMs' });

function hasEffect(fault: { status?: unknown; delayMs?: unknown }): boolean {
  return fault.status !== undefined || fault.delayMs !== undefined;
}

const message = z
  .strictObject({
    on: z.literal('message'),
    effect: z.enum(['duplicate', 'reorder', 'drop']),
    delayMs: delayMs.optional(),
    ...aim,
  })
  .refine(...delayOnlyFor('reorder'));

const disconnect = z
  .strictObject({
    on: z.literal('disconnect'),
    effect: z.enum(['lost', 'late', 'duplicate', 'early']),
    delayMs: delayMs.optional(),
    ...aim,
  })
  .refine(...delayOnlyFor('late'));

function delayOnlyFor(wanted: string) {
  const fits = ({ effect, delayMs: delay }: { effect: string; delayMs?: unknown }): boolean =>
    delay === undefined || effect === wanted;
  const problem = { path: ['delayMs'], message: `goes with the effect ${wanted}` };
  return [fits, problem] as const;
}

const instance = z.strictObject({
  on: z.literal('instance'),
  effect: z.literal('kill'),
  delayMs: delayMs.optional(),
  ...aim,
});

const token = z.strictObject({ on: z.literal('token'), effect: z.literal('expired'), ...aim });

const queue = z.strictObject({
  on: z.literal('queue'),
  effect: z.literal('duplicate'),
  delayMs: delayMs.optional(),
  queue: z.string().min(1).optional(),
  ...share,
});

export const faultSchema = z.discriminatedUnion('on', [
  send,
  connect,
  message,
  disconnect,
  instance,
  token,
  queue,
]);

/** A fault whose aim is filled in. */
export type ParsedFault = z.output<typeof faultSchema>;

/** @param place Whose argument it is, for the message. */
export function parseFault(fault: Fault, place: string): ParsedFault {
  return parseOptions(faultSchema, fault, place);
}
