import * as z from 'zod/mini';
import type { $ZodType, output } from 'zod/v4/core';
import { BroadcastError, ClientFacingError } from '../../../base/errors.js';
import { checkName } from '../../../base/names.js';
import { check, firstIssue, lazily } from '../../../base/options.js';
import {
  MAX_HELLO_ROOMS,
  MAX_NAME_BYTES,
  PROTOCOL_VERSION,
  type RoomPosition,
} from '../../../base/protocol.js';

/** What is wrong with a name that is none. */
export const ROOM_NAME = `expected a room name of 1 to ${MAX_NAME_BYTES} bytes, without U+0000 and half surrogate pairs`;

const room = lazily(() => z.string().check(z.refine(isRoomName, ROOM_NAME)));
const position = lazily(() =>
  z.strictObject({ offset: z.int().check(z.minimum(0)), epoch: z.string().check(z.maxLength(128)) }),
);
const since = lazily(() => z.nullish(position()));

const helloSchema = lazily(() =>
  z.strictObject({ v: z.int(), rooms: z.optional(z.custom<object>(isObject, 'expected an object')) }),
);
export const joinSchema = lazily(() => z.strictObject({ room: room(), since: since() }));
export const roomSchema = lazily(() => z.strictObject({ room: room() }));
export const recoverSchema = lazily(() => z.strictObject({ room: room(), since: position() }));
export const nothingSchema = lazily(() => z.literal(undefined));

/** What a client wants to be in, by names as it wrote them: a wrong one is refused alone. */
export interface HelloRequest {
  readonly rooms: readonly (readonly [room: string, since: RoomPosition | null | undefined])[];
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

/** The data of `$hello`. Rooms become a list: an object, or a record of zod, would lose one called `__proto__`. */
export function readHello(data: unknown): HelloRequest {
  refuseOtherVersions(data);
  const { rooms = {} } = readRequest(helloSchema(), data);
  const wanted: [string, unknown][] = Object.entries(rooms);
  if (wanted.length > MAX_HELLO_ROOMS) {
    const message = `expected at most ${MAX_HELLO_ROOMS} rooms; join the others separately`;
    throw new BroadcastError('INVALID_MESSAGE', message, { path: ['data', 'rooms'] });
  }
  return { rooms: wanted.map(([name, place]) => [name, readRequest(since(), place, ['rooms', name])]) };
}

/** Throws `UNSUPPORTED_VERSION` for another version than ours. Asked first, since others may have other fields. */
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
