import type { $ZodType, input, output } from 'zod/v4/core';
import { BroadcastError } from '../base/errors.js';
import { check, firstIssue } from '../base/options.js';
import { isReservedType } from '../base/protocol.js';

/** A message that clients may send: its schema, or the schema with a reply and a size limit of its own. */
export type ClientMessageSpec = $ZodType | ClientMessageDetails;

/** A message that clients may send, with more than its data. */
export interface ClientMessageDetails {
  readonly data: $ZodType;
  /** What the handler of this message returns. Checked before it is sent. */
  readonly reply?: $ZodType | undefined;
  /** Largest message of this type, in bytes of the whole frame. Default: the app's `maxMessageBytes`. */
  readonly maxBytes?: number | undefined;
  /**
   * Handle a message once, however often the client sends it: a second arrival from the same user with the same id gets
   * the first answer. Needs a store with histories, and costs two writes to it. @default false
   */
  readonly once?: boolean | undefined;
}

/** What clients may send. */
export type ClientMessages = Readonly<Record<string, ClientMessageSpec>>;
/** What the server may send: the schema of each type's `data`. */
export type ServerMessages = Readonly<Record<string, $ZodType>>;

/** The messages of an application, in both directions. The one source of types for handlers, broadcasts and clients. */
export interface Contract<
  C extends ClientMessages = ClientMessages,
  S extends ServerMessages = ServerMessages,
> {
  readonly client: C;
  readonly server: S;
}

/** What a handler of message `M` receives: the schema's output. */
export type DataOf<M extends ClientMessageSpec> = M extends $ZodType
  ? output<M>
  : M extends { readonly data: infer D extends $ZodType }
    ? output<D>
    : never;

/** What a handler of message `M` returns: the reply schema's input, or anything that JSON can carry. */
export type ReplyOf<M extends ClientMessageSpec> = M extends { readonly reply: infer R extends $ZodType }
  ? input<R>
  : unknown;

/** What a broadcast of type `T` takes. */
export type ServerDataOf<K extends Contract, T extends keyof K['server']> = input<K['server'][T]>;

/** Names of the messages that contract `K` lets the server send. */
export type ServerTypeOf<K extends Contract> = keyof K['server'] & string;

/** Names of the messages that contract `K` lets clients send. */
export type ClientTypeOf<K extends Contract> = keyof K['client'] & string;

/**
 * Declares what clients may send (`client`) and what the server may send (`server`), each by a schema of `zod` or
 * `zod/mini`.
 *
 * Throws `INVALID_OPTIONS` when a type's name belongs to the protocol (`reply`, `error`, or a leading `$`).
 *
 * @example
 * const chat = defineContract({
 *   client: { say: { data: z.object({ room: z.string(), text: z.string() }), reply: z.object({ id: z.string() }) } },
 *   server: { said: z.object({ from: z.string(), text: z.string() }) },
 * });
 */
export function defineContract<const C extends ClientMessages, const S extends ServerMessages>(
  contract: Contract<C, S>,
): Contract<C, S> {
  for (const type of [...Object.keys(contract.client), ...Object.keys(contract.server)]) {
    if (isReservedType(type)) {
      throw new BroadcastError(
        'INVALID_OPTIONS',
        `contract: the message type '${type}' belongs to the protocol; choose another name`,
        { path: [type] },
      );
    }
  }
  return contract;
}

/** Whether the contract has messages that are handled once. */
export function hasOnce(contract: Contract | undefined): boolean {
  return Object.values(contract?.client ?? {}).some((spec) => messageDetails(spec).once === true);
}

/** The parts of a client message's specification, whichever of the two forms was written. */
export function messageDetails(spec: ClientMessageSpec): ClientMessageDetails {
  return isSchema(spec) ? { data: spec } : spec;
}

function isSchema(spec: ClientMessageSpec): spec is $ZodType {
  return '_zod' in spec;
}

/**
 * Checks data that the server is about to send and returns what the schema makes of it, so that a field which is not
 * in the contract never leaves the server. Throws `INVALID_OPTIONS` that names the type and the field.
 */
export function checkServerData(contract: Contract | undefined, type: string, data: unknown): unknown {
  if (contract === undefined) return data;
  const schema = Object.hasOwn(contract.server, type) ? contract.server[type] : undefined;
  if (schema === undefined) {
    throw new BroadcastError('INVALID_OPTIONS', `the contract's server messages have no type '${type}'`);
  }
  return checkAgainst(schema, data, `data of '${type}'`);
}

/** Parses `data`, or throws `INVALID_OPTIONS` that says where `what` departs from the schema. */
export function checkAgainst(schema: $ZodType, data: unknown, what: string): unknown {
  const result = check(schema, data);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  const where = path.length === 0 ? '' : ` at '${path.join('.')}'`;
  throw new BroadcastError('INVALID_OPTIONS', `${what} does not fit the contract${where}: ${message}`, {
    path,
  });
}
