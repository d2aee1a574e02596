import * as z from 'zod/mini';
import type { $ZodType, output } from 'zod/v4/core';
import { BroadcastError, ClientFacingError } from '../../../base/errors.js';
import { checkName } from '../../../base/names.js';
import { check, firstIssue, lazily } from '../../../base/options.js';
import {
  MAX_HELLO_ROOMS,
  MAX_LAST_MESSAGES,
  MAX_NAME_BYTES,
  PROTOCOL_VERSION,
  type RoomPosition,
  type RoomWant,
} from '../../../base/protocol.js';

/** What is wrong with a name that is none. */
export const ROOM_NAME = `expected a room name of 1 to ${MAX_NAME_BYTES} bytes, without U+0000 and half surrogate pairs`;

const room = lazily(() => z.string().check(z.refine(isRoomName, ROOM_NAME)));
const position = lazily(() =>
  z.strictObject({ offset: z.int().check(z.minimum(0)), epoch: z.string().check(z.maxLength(128)) }),
);
const since = lazily(() => z.nullish(position()));

const version = lazily(() => z.int().check(z.minimum(0)));
export const statePositionSchema = lazily(() =>
  z.nullable(
    z.strictObject({
      version: version(),
      epoch: z.string().check(z.maxLength(128)),
      base: z.optional(version()),
    }),
  ),
);
const want = lazily(() =>
  z.optional(
    z.strictObject({
      last: z.optional(z.int().check(z.minimum(0), z.maximum(MAX_LAST_MESSAGES))),
      load: z.optional(z.boolean()),
      state: z.optional(statePositionSchema()),
    }),
  ),
);

/** An object whose keys are names: zod's record would lose one called `__proto__`. */
export const roomsSchema = lazily(() => z.custom<object>(isObject, 'expected an object'));
const helloSchema = lazily(() =>
  z.strictObject({ v: z.int(), rooms: z.optional(roomsSchema()), want: z.optional(roomsSchema()) }),
);
export const joinSchema = lazily(() => z.strictObject({ room: room(), since: since(), want: want() }));
export const roomSchema = lazily(() => z.strictObject({ room: room() }));
export const recoverSchema = lazily(() => z.strictObject({ room: room(), since: position(), want: want() }));
export const nothingSchema = lazily(() => z.literal(undefined));

/** A room as a client wants it. */
export interface RoomRequest {
  /** As the client wrote it: a wrong one is refused alone. */
  readonly room: string;
  readonly since: RoomPosition | null | undefined;
  readonly want: RoomWant;
}

/** The data of a message of the protocol. Throws `INVALID_MESSAGE` that names the field. */
export function readRequest<S extends $ZodType>(
  schema: S,
  data: unknown,
  at: readonly string[] = [],
): output<S> {
  const result = check(schema, data);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  throw new BroadcastError('INVALID_MESSAGE', message, { path: ['data', ...at, ...path] });
}

/** The data of `$hello`: the rooms in it, as a list. */
export function readHello(data: unknown): readonly RoomRequest[] {
  refuseOtherVersions(data);
  const { rooms = {}, want: wants = {} } = readRequest(helloSchema(), data);
  const wantOf = new Map<string, unknown>(Object.entries(wants));
  return entriesOf(rooms).map(([name, place]) => ({
    room: name,
    since: readRequest(since(), place, ['rooms', name]),
    want: readRequest(want(), wantOf.get(name), ['want', name]) ?? {},
  }));
}

/** Rooms by name, as a list; no more than a `$hello` may have. */
export function entriesOf(rooms: object): readonly [string, unknown][] {
  const entries: [string, unknown][] = Object.entries(rooms);
  if (entries.length <= MAX_HELLO_ROOMS) return entries;
  const message = `expected at most ${MAX_HELLO_ROOMS} rooms; join the others separately`;
  throw new BroadcastError('INVALID_MESSAGE', message, { path: ['data', 'rooms'] });
}

/**
 * Throws `UNSUPPORTED_VERSION` for another version than ours. Asked first, since others may have other
 * fields.
 */
function refuseOtherVersions(data: unknown): void {
  const v: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'v') : undefined;
  if (v === PROTOCOL_VERSION || !Number.isInteger(v)) return;
  throw new ClientFacingError('UNSUPPORTED_VERSION', `this server supports version ${PROTOCOL_VERSION}`, [
    'data',
    'v',
  ]);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isRoomName(name: string): boolean {
  try {
    return checkName(name, 'room') === name;
  } catch {
    return false;
  }
}
