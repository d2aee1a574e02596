import type { ClientMessageSpec, Contract, ServerTypeOf } from '../../model/contract.js';
import type { SchemaInput, SchemaOutput, StandardSchema } from '../../model/standard-schema.js';
import type { RoomPosition, ServerMessage } from '../../base/protocol.js';

/** What a client sends as message `M`: the schema's input. */
export type SentData<M extends ClientMessageSpec> = M extends StandardSchema
  ? SchemaInput<M>
  : M extends { readonly data: infer D extends StandardSchema }
    ? SchemaInput<D>
    : never;

/** What a client gets in reply to message `M`. */
export type ReplyData<M extends ClientMessageSpec> = M extends {
  readonly reply: infer R extends StandardSchema;
}
  ? SchemaOutput<R>
  : unknown;

/** What a message of type `T` from the server carries. */
export type ReceivedData<K extends Contract, T extends ServerTypeOf<K>> = SchemaOutput<K['server'][T]>;

/** A message from the server. Numbered when it is part of a room's history. */
export interface Received<K extends Contract, T extends ServerTypeOf<K>>
  extends ServerMessage, Partial<RoomPosition> {
  readonly type: T;
  readonly data: ReceivedData<K, T>;
}

/** `data`, which may be left out where the contract says `z.undefined()`; then the options. */
export type SendArguments<M extends ClientMessageSpec, Options> =
  undefined extends SentData<M>
    ? [data?: SentData<M>, options?: Options]
    : [data: SentData<M>, options?: Options];
