import type { $ZodType, output } from 'zod/v4/core';
import { BroadcastError } from '../../../base/errors.js';
import { PRESENCE_TYPE, SET_TYPE, STATE_TYPE } from '../../../base/protocol.js';
import type { Connection } from '../connection-handle.js';
import { empty, reply, type GatewayResponse } from '../responses.js';
import { answerHello, type HelloDeps } from './hello.js';
import { createReplyBudget } from './reply-budget.js';
import { joinSchema, nothingSchema, readHello, readRequest, recoverSchema, roomSchema } from './requests.js';
import { enterRoom, presenceOf, readRoom, requireMember, requireOpen, withPresence } from './room-state.js';

/** Checks the data of a request, which throws `INVALID_MESSAGE`, and returns what answers it. */
type Request = (data: unknown) => (parts: HelloDeps, connection: Connection) => unknown;

function request<S extends $ZodType>(
  schema: () => S,
  answer: (parts: HelloDeps, connection: Connection, data: output<S>) => unknown,
): Request {
  return (data) => {
    const checked = readRequest(schema(), data);
    return (parts, connection) => answer(parts, connection, checked);
  };
}

/** The messages of the protocol that clients send. */
const requests: ReadonlyMap<string, Request> = new Map<string, Request>([
  [
    '$hello',
    (data) => {
      const checked = readHello(data);
      return (parts, connection) => answerHello(parts, connection, checked);
    },
  ],
  [
    '$join',
    request(joinSchema, async (parts, connection, { room, since, want = {} }) => {
      await enterRoom(parts, connection, room);
      const budget = createReplyBudget([room]);
      const state = await readRoom(parts, connection, { room, since, want }, budget);
      return withPresence(parts, room, state, budget);
    }),
  ],
  [
    '$leave',
    request(roomSchema, async (parts, connection, { room }) => {
      requireOpen(parts, room);
      await connection.leave(room);
    }),
  ],
  [
    '$recover',
    request(recoverSchema, async (parts, connection, { room, since, want = {} }) => {
      await requireMember(connection, room);
      return readRoom(parts, connection, { room, since, want }, createReplyBudget([room]));
    }),
  ],
  [PRESENCE_TYPE, request(roomSchema, (parts, connection, { room }) => presenceOf(parts, connection, room))],
  // What came keeps the connection open; the answer is for whoever wants to know whether it still is.
  ['$ping', request(nothingSchema, () => undefined)],
]);

export function isSessionType(type: string): boolean {
  return requests.has(type) || type === STATE_TYPE || type === SET_TYPE;
}

export interface SessionMessage {
  readonly type: string;
  readonly data?: unknown;
  readonly id?: string | undefined;
}

/**
 * Checks a message of the protocol, and only then asks for the connection. The answer is the call's response.
 */
export async function answerSession(
  parts: HelloDeps,
  { type, data, id }: SessionMessage,
  load: () => Promise<Connection>,
): Promise<GatewayResponse> {
  const answerIt = requests.get(type)?.(data);
  const answerState = parts.state?.requests.get(type)?.(data);
  if (answerIt === undefined && answerState === undefined) {
    throw new BroadcastError('UNKNOWN_TYPE', 'rooms of this server hold no state', { path: ['type'] });
  }
  const connection = await load();
  const answer = await Promise.resolve(answerIt?.(parts, connection) ?? answerState?.(connection));
  return answer === undefined && id === undefined ? empty() : reply(id, answer);
}
