/** What a contract says, as a client and its test see it. */
import type { ClientMessageSpec, ClientTypeOf, Contract, ServerTypeOf } from '../../model/contract.js';
import type { SchemaInput, SchemaOutput, StandardSchema } from '../../model/standard-schema.js';

/** What a client puts into a message: the schema's input. */
type InputOf<M extends ClientMessageSpec> = M extends StandardSchema
  ? SchemaInput<M>
  : M extends { readonly data: infer D extends StandardSchema }
    ? SchemaInput<D>
    : never;

/** What may be said of one push. */
export interface PushOptions {
  /**
   * The message's id, at most 64 characters: to send the same message again. Default: one that no other
   * message has.
   */
  readonly id?: string | undefined;
}

/** The data of a push; it may be left out where the contract takes none. Then the options. */
export type PushArguments<K extends Contract, T extends ClientTypeOf<K>> =
  undefined extends InputOf<K['client'][T]>
    ? [data?: InputOf<K['client'][T]>, options?: PushOptions]
    : [data: InputOf<K['client'][T]>, options?: PushOptions];

/** What the reply to a message carries; unknown where the contract does not say. */
export type ReplyDataOf<K extends Contract, T extends ClientTypeOf<K>> = K['client'][T] extends {
  readonly reply: infer R extends StandardSchema;
}
  ? SchemaOutput<R>
  : unknown;

/** What a message of the server carries. */
export type MessageDataOf<K extends Contract, T extends ServerTypeOf<K>> = SchemaOutput<K['server'][T]>;
