import * as z from 'zod/mini';
import type { $ZodType, output } from 'zod/v4/core';
import { BroadcastError, ClientFacingError } from '../../../base/errors.js';
import { checkName } from '../../../base/names.js';
import { check, firstIssue, lazily } from '../../../base/options.js';
import { MAX_HELLO_ROOMS, PROTOCOL_VERSION } from '../../../base/protocol.js';

const room = lazily(() => z.string().check(z.refine(isName, 'expected a room name that stores can keep')));
const position = lazily(() =>
  z.strictObject({ offset: z.int().check(z.minimum(0)), epoch: z.string().check(z.maxLength(128)) }),
);
const since = lazily(() => z.nullish(position()));

const rooms = lazily(() =>
  z
    .record(room(), since())
    .check(
      z.refine(
        (wanted) => Object.keys(wanted).length <= MAX_HELLO_ROOMS,
        `expected at most ${MAX_HELLO_ROOMS} rooms; join the others one by one`,
      ),
    ),
);

export const helloSchema = lazily(() => z.strictObject({ v: z.int(), rooms: z._default(rooms(), {}) }));
export const joinSchema = lazily(() => z.strictObject({ room: room(), since: since() }));
export const roomSchema = lazily(() => z.strictObject({ room: room() }));
export const recoverSchema = lazily(() => z.strictObject({ room: room(), since: position() }));
export const nothingSchema = lazily(() => z.literal(undefined));

export type HelloRequest = z.output<ReturnType<typeof helloSchema>>;

/** The data of a message of the protocol. Throws `INVALID_MESSAGE` that names the field. */
export function readRequest<S extends $ZodType>(schema: S, data: unknown): output<S> {
  const result = check(schema, data);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  throw new BroadcastError('INVALID_MESSAGE', message, { path: ['data', ...path] });
}

/** Throws `UNSUPPORTED_VERSION` for another version than ours. Asked first, since others may have other fields. */
export function refuseOtherVersions(data: unknown): void {
  const v: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'v') : undefined;
  if (v === PROTOCOL_VERSION || !Number.isInteger(v)) return;
  throw new ClientFacingError('UNSUPPORTED_VERSION', `this server speaks version ${PROTOCOL_VERSION}`, [
    'data',
    'v',
  ]);
}

function isName(name: string): boolean {
  try {
    return checkName(name, 'room') === name;
  } catch {
    return false;
  }
}
