import type { StoredConnection } from '../../../model/connection.js';
import { BroadcastError } from '../../../base/errors.js';
import { PROTOCOL_VERSION, type RoomRefusal, type RoomState, type Welcome } from '../../../base/protocol.js';
import type { Connection } from '../connection-handle.js';
import { toClientError } from '../responses.js';
import { createReplyBudget } from './reply-budget.js';
import type { HelloRequest } from './requests.js';
import { enterRoom, readRoom, withPresence, type RoomParts } from './room-state.js';

export interface HelloParts extends RoomParts {
  readonly lifetimeMs: number;
  readonly keepAliveMs: number;
  readonly now: () => number;
}

/** Joins all rooms of a connection that begins or comes back, and tells what it missed in each, as much as fits. */
export async function answerHello(
  parts: HelloParts,
  connection: Connection,
  { rooms }: HelloRequest,
): Promise<Welcome> {
  const wanted = Object.entries(rooms);
  const budget = createReplyBudget(Object.keys(rooms));
  const joins = await Promise.all(wanted.map(([room]) => tryToJoin(parts, connection, room)));
  const states: [string, RoomState | RoomRefusal][] = [];
  // One after the other: what fits depends on those before.
  for (const [index, [room, since]] of wanted.entries())
    states.push([room, joins[index] ?? (await readRoom(parts, room, since, budget))]);
  // Messages come first: who is there can be asked for.
  for (const [index, [room, state]] of states.entries())
    if (!('error' in state)) states[index] = [room, await withPresence(parts, room, state, budget)];
  return {
    v: PROTOCOL_VERSION,
    lifetimeMs: lifetimeOf(connection, parts),
    keepAliveMs: parts.keepAliveMs,
    ...(connection.user === undefined ? {} : { user: connection.user }),
    rooms: Object.fromEntries(states),
  };
}

/** A refusal, or nothing when it has joined. Whatever else goes wrong fails the whole `$hello`: the client comes back. */
async function tryToJoin(
  parts: RoomParts,
  connection: Connection,
  room: string,
): Promise<RoomRefusal | undefined> {
  try {
    await enterRoom(parts, connection, room);
    return undefined;
  } catch (reason) {
    if (BroadcastError.from(reason).code !== 'FORBIDDEN') throw reason;
    return { error: toClientError(reason) };
  }
}

/** Relative, since the client's clock is its own. */
function lifetimeOf({ connectedAt, expiresAt }: StoredConnection, { lifetimeMs, now }: HelloParts): number {
  return Math.max(0, Math.min(connectedAt + lifetimeMs, expiresAt) - now());
}
