import { BroadcastError } from '../base/errors.js';
import { isReservedType } from '../base/protocol.js';
import { notJsonIn, type SurvivesJson } from './json-schemas.js';
import {
  checkStandard,
  isSchema,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
} from './standard-schema.js';

/** A message that clients may send: its schema, or the schema with a reply and a size limit of its own. */
export type ClientMessageSpec = StandardSchema | ClientMessageDetails;

/** A message that clients may send, with more than its data. */
export interface ClientMessageDetails {
  readonly data: StandardSchema;
  /** What the handler of this message returns. Checked before it is sent. */
  readonly reply?: StandardSchema | undefined;
  /** Largest message of this type, in bytes of the whole frame. Default: the app's `maxMessageBytes`. */
  readonly maxBytes?: number | undefined;
  /**
   * Handle a message once, however often the client sends it: a second arrival from the same user with the
   * same id gets the first answer. Needs a store with histories, and costs two writes to it. @default false
   */
  readonly once?: boolean | undefined;
}

/** What clients may send. */
export type ClientMessages = Readonly<Record<string, ClientMessageSpec>>;
/** What the server may send: the schema of each type's `data`. */
export type ServerMessages = Readonly<Record<string, StandardSchema>>;

/** A map of a room's state. */
export interface StateMapSpec {
  /** What a key of the map may hold. */
  readonly value: StandardSchema;
  /**
   * How long a key lives after its last change, in milliseconds, unless the change says otherwise. Default:
   * for good.
   */
  readonly ttlMs?: number | undefined;
}

/** What a room can hold, beside what is sent to it: maps by name. */
export type StateMaps = Readonly<Record<string, StateMapSpec>>;

/**
 * The messages of an application, in both directions, and the state of its rooms. The one source of types for
 * handlers, broadcasts and clients.
 */
export interface Contract<
  C extends ClientMessages = ClientMessages,
  S extends ServerMessages = ServerMessages,
  M extends StateMaps = StateMaps,
> {
  readonly client: C;
  readonly server: S;
  readonly state?: M | undefined;
}

/** Names of the maps in the state of rooms. */
export type StateMapOf<K extends Contract> = keyof NonNullable<K['state']> & string;

/** What a key of map `M` takes. */
export type StateInputOf<K extends Contract, M extends StateMapOf<K>> = SchemaInput<
  NonNullable<K['state']>[M]['value']
>;

/** What a key of map `M` holds. */
export type StateValueOf<K extends Contract, M extends StateMapOf<K>> = SchemaOutput<
  NonNullable<K['state']>[M]['value']
>;

/** What a handler of message `M` receives: the schema's output. */
export type DataOf<M extends ClientMessageSpec> = M extends StandardSchema
  ? SchemaOutput<M>
  : M extends { readonly data: infer D extends StandardSchema }
    ? SchemaOutput<D>
    : never;

/** What a handler of message `M` returns: the reply schema's input, or anything that JSON can carry. */
export type ReplyOf<M extends ClientMessageSpec> = M extends {
  readonly reply: infer R extends StandardSchema;
}
  ? SchemaInput<R>
  : unknown;

/** What a broadcast of type `T` takes. */
export type ServerDataOf<K extends Contract, T extends keyof K['server']> = SchemaInput<K['server'][T]>;

/** Names of the messages that contract `K` lets the server send. */
export type ServerTypeOf<K extends Contract> = keyof K['server'] & string;

/** Names of the messages that contract `K` lets clients send. */
export type ClientTypeOf<K extends Contract> = keyof K['client'] & string;

/** A contract whose server messages and replies arrive as what their schemas make. */
type JsonContract<C extends ClientMessages, S extends ServerMessages, M extends StateMaps> = {
  readonly client: { readonly [T in keyof C]: ReplySurvives<C[T]> };
  readonly server: { readonly [T in keyof S]: SurvivesJson<SchemaOutput<S[T]>> };
  readonly state?: { readonly [N in keyof M]: { readonly value: SurvivesJson<SchemaOutput<M[N]['value']>> } };
};

type ReplySurvives<M> = M extends { readonly reply: infer R extends StandardSchema }
  ? { readonly reply: SurvivesJson<SchemaOutput<R>> }
  : unknown;

/**
 * Declares what clients may send (`client`), what the server may send (`server`) and what rooms hold
 * (`state`), each by a schema of `zod/mini`, `zod` or any other library that follows
 * https://standardschema.dev.
 *
 * Throws `INVALID_OPTIONS` when `client` or `server` is missing, when a type's name belongs to the protocol
 * (`reply`, `error`, or a leading `$`), when something is not a schema, and when a server message, a reply or
 * a value of the state would arrive as something else, since messages travel as JSON: a `Date`, `Map`, `Set`,
 * bytes, a `bigint`.
 *
 * @example
 * const chat = defineContract({
 *   client: { say: { data: z.object({ room: z.string(), text: z.string() }), reply: z.object({ id: z.string() }) } },
 *   server: { said: z.object({ from: z.string(), text: z.string() }) },
 * });
 */
export function defineContract<
  const C extends ClientMessages,
  const S extends ServerMessages,
  // Without state, no name is that of a map: `{}` is what is meant.
  // eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type
  const M extends StateMaps = Readonly<Record<never, StateMapSpec>>,
>(contract: Contract<C, S, M> & JsonContract<C, S, M>): Contract<C, S, M> {
  checkParts(contract);
  for (const [type, spec] of Object.entries<unknown>(contract.client)) {
    checkTypeName(type);
    if (isSchema(spec)) continue;
    const details = detailsOf(type, spec);
    requireSchema(details.data, `client.${type}.data`);
    if (details.reply !== undefined) requireJson(details.reply, `client.${type}.reply`);
  }
  for (const [type, schema] of Object.entries<unknown>(contract.server)) {
    checkTypeName(type);
    requireJson(schema, `server.${type}`);
  }
  for (const [map, spec] of Object.entries<unknown>(contract.state ?? {})) checkStateMap(map, spec);
  return contract;
}

/** For JavaScript, where no compiler notices a part that is missing or misspelt. */
function checkParts(contract: unknown): void {
  const { client, server, state = {}, ...others } = Object(contract) as Record<string, unknown>;
  const given = { client, server, state };
  for (const [part, messages] of Object.entries(given)) {
    if (typeof messages === 'object' && messages !== null) continue;
    const remedy = `expected an object of schemas by name, or {} when there is none`;
    throw new BroadcastError('INVALID_OPTIONS', `contract.${part}: ${remedy}`, { path: [part] });
  }
  const [other] = Object.keys(others);
  if (other === undefined) return;
  const remedy = 'there is no such part; a contract has client, server and state';
  throw new BroadcastError('INVALID_OPTIONS', `contract.${other}: ${remedy}`, { path: [other] });
}

function checkTypeName(type: string): void {
  if (!isReservedType(type)) return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `contract: the message type '${type}' is reserved by the protocol; choose another name`,
    { path: [type] },
  );
}

function checkStateMap(map: string, spec: unknown): void {
  const where = `contract.state.${map}`;
  if (map === '' || map.startsWith('$')) {
    throw new BroadcastError('INVALID_OPTIONS', `${where}: expected a name that does not begin with '$'`);
  }
  const { value, ttlMs, ...others } = Object(spec) as Record<string, unknown>;
  if (value === undefined || Object.keys(others).length > 0) {
    throw new BroadcastError('INVALID_OPTIONS', `${where}: expected { value: schema, ttlMs? }`);
  }
  requireJson(value, `state.${map}.value`);
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && Number(ttlMs) > 0)) {
    throw new BroadcastError('INVALID_OPTIONS', `${where}.ttlMs: expected a whole number of milliseconds`);
  }
}

/** The specification of a map. Throws `INVALID_OPTIONS` when the contract has none of that name. */
export function stateMapOf(contract: Contract | undefined, map: string): StateMapSpec | undefined {
  if (contract === undefined) return undefined;
  const maps = contract.state ?? {};
  const spec = Object.hasOwn(maps, map) ? maps[map] : undefined;
  if (spec !== undefined) return spec;
  throw new BroadcastError('INVALID_OPTIONS', `state: the contract's state has no map '${map}'`);
}

const DETAILS: readonly string[] = ['data', 'reply', 'maxBytes', 'once'];

function detailsOf(type: string, spec: unknown): Readonly<Record<string, unknown>> {
  if (typeof spec !== 'object' || spec === null) throw notASchema(`client.${type}`);
  const unknown = Object.keys(spec).find((key) => !DETAILS.includes(key));
  if (unknown === undefined && 'data' in spec) return { ...spec };
  const what = `contract.client.${type}: expected a schema, or { data, reply?, maxBytes?, once? }`;
  throw new BroadcastError('INVALID_OPTIONS', unknown === undefined ? what : `${what}; got '${unknown}'`);
}

function requireSchema(schema: unknown, where: string): asserts schema is StandardSchema {
  if (!isSchema(schema)) throw notASchema(where);
}

function notASchema(where: string): BroadcastError {
  const remedy = 'expected a schema of zod 4, zod/mini or another library of standardschema.dev';
  return new BroadcastError('INVALID_OPTIONS', `contract.${where}: ${remedy}`);
}

function requireJson(schema: unknown, where: string): void {
  requireSchema(schema, where);
  const found = notJsonIn(schema);
  if (found === undefined) return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `contract.${where}: ${found} does not survive JSON; send a string, a number or an array`,
  );
}

/** Whether the contract has messages that are handled once. */
export function hasOnce(contract: Contract | undefined): boolean {
  return Object.values(contract?.client ?? {}).some((spec) => messageDetails(spec).once === true);
}

/** The parts of a client message's specification, whichever of the two forms was written. */
export function messageDetails(spec: ClientMessageSpec): ClientMessageDetails {
  return isSchema(spec) ? { data: spec } : spec;
}

/**
 * Checks data that the server is about to send and returns what the schema makes of it, so that a field which
 * is not in the contract never leaves the server. Throws `INVALID_OPTIONS` that names the type and the field.
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
export function checkAgainst(schema: StandardSchema, data: unknown, what: string): unknown {
  const result = checkStandard(schema, data);
  if (result.success) return result.data;
  const { path, message } = result;
  const where = path.length === 0 ? '' : ` at '${path.join('.')}'`;
  throw new BroadcastError('INVALID_OPTIONS', `${what} does not fit the contract${where}: ${message}`, {
    path,
  });
}
