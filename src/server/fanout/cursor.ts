import * as z from 'zod/mini';
import { BroadcastError } from '../../base/errors.js';
import { parseJson } from '../../base/json.js';
import { check, firstIssue, lazily } from '../../base/options.js';
import type { RoomPlace } from '../../base/protocol.js';
import type { BroadcastAudience } from '../../model/store.js';

/** Where a broadcast stopped, and what it was. */
export interface CursorState {
  readonly audience: BroadcastAudience;
  /** The last connection that was tried; absent when nobody was. */
  readonly after?: string | undefined;
  /** The id of the message, so that the copies sent later carry the same one. */
  readonly id: string;
  /**
   * Whether `except` or `where` narrowed the audience: the cursor cannot carry them, so they have to be
   * repeated.
   */
  readonly filtered: boolean;
  /** The message's places in the histories of rooms, where it is kept already. */
  readonly places: readonly RoomPlace[];
}

const schema = lazily(() =>
  z.strictObject({
    v: z.literal(1),
    to: z.union([
      z.strictObject({ room: z.string() }),
      z.strictObject({ rooms: z.array(z.string()) }),
      z.strictObject({ user: z.string() }),
      z.strictObject({ all: z.literal(true) }),
      z.strictObject({ connection: z.string() }),
    ]),
    after: z.optional(z.string()),
    id: z.string(),
    filtered: z.boolean(),
    places: z.array(z.strictObject({ room: z.string(), offset: z.int(), epoch: z.string() })),
  }),
);

/** A cursor is opaque to users. It holds a connection id, so it does not belong into a client's hands. */
export function encodeCursor({ audience, ...rest }: CursorState): string {
  return Buffer.from(JSON.stringify({ v: 1, to: audience, ...rest })).toString('base64url');
}

export function decodeCursor(cursor: string): CursorState {
  const result = check(schema(), parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!result.success) {
    const problem = firstIssue(result.error).message;
    throw new BroadcastError('INVALID_OPTIONS', `cursor: not one that a delivery report gave (${problem})`);
  }
  const { to, after, id, filtered, places } = result.data;
  return { audience: to, after, id, filtered, places };
}
