import type { StoredConnection } from '../../../model/connection.js';
import { BroadcastError } from '../../../base/errors.js';
import { PROTOCOL_VERSION, type RoomRefusal, type RoomState, type Welcome } from '../../../base/protocol.js';
import { joinAuthorized, type Connection } from '../connection-handle.js';
import { isExpected, toClientError } from '../responses.js';
import { createReplyBudget, type ReplyBudget } from './reply-budget.js';
import { isRoomName, ROOM_NAME, type RoomRequest } from './requests.js';
import { readRoom, requireAdmission, withPresence, type RoomDeps } from './room-state.js';

export interface HelloDeps extends RoomDeps {
  readonly lifetimeMs: number;
  readonly keepAliveMs: number;
  readonly now: () => number;
}

/**
 * Joins all rooms of a connection that begins or comes back, and tells what it missed in each, as much as
 * fits. Each room settles alone; only a store in trouble fails the whole `$hello`, and then the client comes
 * back.
 */
export async function answerHello(
  parts: HelloDeps,
  connection: Connection,
  rooms: readonly RoomRequest[],
): Promise<Welcome> {
  const budget = createReplyBudget(rooms.map(({ room }) => room));
  const refusals = await joinAll(parts, connection, rooms);
  const states: [string, RoomState | RoomRefusal][] = [];
  // One after the other: what fits depends on those before.
  for (const [index, request] of rooms.entries()) {
    const refusal = refusals[index];
    const state = refusal ?? (await settle(parts, () => readRoom(parts, connection, request, budget)));
    states.push([request.room, 'error' in state ? shortened(state, budget) : state]);
  }
  // Messages come first: who is there can be asked for.
  for (const [index, [room, state]] of states.entries()) {
    if ('error' in state) continue;
    const shown = await settle(parts, () => withPresence(parts, room, state, budget));
    states[index] = [room, 'error' in shown ? state : shown];
  }
  return {
    v: PROTOCOL_VERSION,
    lifetimeMs: lifetimeOf(connection, parts),
    keepAliveMs: parts.keepAliveMs,
    ...(connection.user === undefined ? {} : { user: connection.user }),
    rooms: Object.fromEntries(states),
  };
}

/**
 * In turn where `authorize` decides: then it sees the rooms that were joined before, and can limit their
 * number.
 */
async function joinAll(
  parts: HelloDeps,
  connection: Connection,
  rooms: readonly RoomRequest[],
): Promise<(RoomRefusal | undefined)[]> {
  const join = ({ room }: RoomRequest) => tryToJoin(parts, connection, room);
  if (parts.authorize === undefined) return Promise.all(rooms.map(join));
  const refusals: (RoomRefusal | undefined)[] = [];
  for (const room of rooms) refusals.push(await join(room));
  return refusals;
}

/** A refusal, or nothing when it has joined. */
async function tryToJoin(
  parts: HelloDeps,
  connection: Connection,
  room: string,
): Promise<RoomRefusal | undefined> {
  if (!isRoomName(room))
    return { error: { code: 'INVALID_MESSAGE', message: ROOM_NAME, path: ['data', 'rooms'] } };
  try {
    await requireAdmission(parts, connection, room);
  } catch (reason) {
    return refusalOf(parts, reason);
  }
  return settle(parts, async () => {
    await joinAuthorized(connection, parts, room);
    return undefined;
  });
}

/**
 * What `work` returns, or why it failed for one room. Rejects when the store is in trouble or the connection
 * is gone.
 */
async function settle<T>(parts: HelloDeps, work: () => Promise<T>): Promise<T | RoomRefusal> {
  try {
    return await work();
  } catch (reason) {
    const { retryable, code } = BroadcastError.from(reason);
    if (retryable || code === 'CONNECTION_STALE') throw reason;
    return refusalOf(parts, reason);
  }
}

function refusalOf({ report }: HelloDeps, reason: unknown): RoomRefusal {
  if (!isExpected(reason)) report(reason, "message '$hello'");
  return { error: toClientError(reason) };
}

/** An app may refuse with sentences of any length, and a hundred rooms share one reply. */
function shortened(refusal: RoomRefusal, budget: ReplyBudget): RoomRefusal {
  const { code } = refusal.error;
  if (budget.spend(JSON.stringify(refusal))) return refusal;
  return { error: { code: code.slice(0, MAX_CODE_LENGTH), message: 'refused' } };
}

const MAX_CODE_LENGTH = 64;

/** Relative, since the client's clock is its own. */
function lifetimeOf({ connectedAt, expiresAt }: StoredConnection, { lifetimeMs, now }: HelloDeps): number {
  return Math.max(0, Math.min(connectedAt + lifetimeMs, expiresAt) - now());
}
