import * as z from 'zod/mini';
import { BroadcastError } from '../../base/errors.js';
import { lazily } from '../../base/options.js';
import type { RoomRefusal, StatePage, StatePosition, StateWrite, StateWritten } from '../../base/protocol.js';
import { stateMapOf, type Contract, type StateMapSpec } from '../../model/contract.js';
import { checkStandard } from '../../model/standard-schema.js';
import type { Connection } from '../handlers/connection-handle.js';
import { RoomForbiddenError } from '../handlers/room-forbidden-error.js';
import { createReplyBudget } from '../handlers/session/reply-budget.js';
import {
  entriesOf,
  isRoomName,
  readRequest,
  ROOM_NAME,
  roomsSchema,
  statePositionSchema,
} from '../handlers/session/requests.js';
import { requireMember } from '../handlers/session/room-state.js';
import { shownPage, shownRow } from './frame.js';
import type { StateWriteOptions } from './room-state-options.js';
import { changedRows, encodeChecked, type RoomStates } from './states.js';

const KEY = ROOM_NAME.replace('a room name', 'a key');

const askSchema = lazily(() => z.strictObject({ rooms: roomsSchema() }));
const writeSchema = lazily(() =>
  z.strictObject({
    room: z.string().check(z.refine(isRoomName, ROOM_NAME)),
    map: z.string(),
    key: z.string().check(z.refine(isRoomName, KEY)),
    value: z.optional(z.unknown()),
    ifVersion: z.optional(z.int().check(z.minimum(0))),
  }),
);

/** Where a client stands in the state of rooms. */
type Asked = readonly (readonly [room: string, since: StatePosition | null])[];

/** The data of `$state`. */
export function readStateRequest(data: unknown): Asked {
  const { rooms } = readRequest(askSchema(), data);
  return entriesOf(rooms).map(([name, place]) => [
    name,
    readRequest(statePositionSchema(), place, ['rooms', name]),
  ]);
}

/** The data of `$set`. */
export function readWrite(data: unknown): StateWrite {
  return readRequest(writeSchema(), data);
}

type StateAnswer = StatePage | RoomRefusal;

const NOT_IN_ROOM: RoomRefusal = { error: { code: 'NOT_IN_ROOM', message: 'join the room first' } };

/**
 * What has changed in the state of rooms that the connection is in. A room that does not fit is left out: ask
 * for it again.
 */
export async function answerState(
  states: RoomStates,
  connection: Connection,
  asked: Asked,
): Promise<{ readonly rooms: Readonly<Record<string, StateAnswer>> }> {
  const own = new Set(await connection.rooms());
  const budget = createReplyBudget(asked.map(([room]) => room));
  const answers: [string, StateAnswer][] = [];
  for (const [room, since] of asked) {
    if (!own.has(room)) answers.push([room, NOT_IN_ROOM]);
    else if (!budget.isSpent()) {
      const page = shownPage(await states.read(room, since, budget.left()));
      if (budget.spend(JSON.stringify(page))) answers.push([room, page]);
    }
  }
  return { rooms: Object.fromEntries(answers) };
}

export interface WriteDeps {
  readonly states: RoomStates;
  readonly contract: Contract | undefined;
  readonly writes: ReadonlyMap<string, StateWriteOptions>;
}

/**
 * Changes a key for a client, where the app lets it. The others in the room are told; the client has the
 * answer.
 */
export async function answerWrite(
  { states, contract, writes }: WriteDeps,
  connection: Connection,
  { room, map, key, value, ifVersion }: StateWrite,
): Promise<StateWritten> {
  await requireMember(connection, room);
  const spec = mapOf(contract, map);
  const checked = value === undefined ? undefined : checkValue(spec, value);
  if ((await writes.get(map)?.write({ connection, room, key, value: checked })) !== true)
    throw new RoomForbiddenError(`roomState.${map}.write does not allow this in room '${room}'`);
  const encoded = value === undefined ? {} : { value: encodeChecked(map, checked), ttlMs: spec.ttlMs };
  const changes = [{ map, key, ...encoded, ifVersion }];
  const result = await states.change(room, changes, connection.id);
  if (!result.changed) return { changed: false, rows: result.rows.map(shownRow) };
  const { version, epoch } = result.position;
  return { changed: true, version, epoch, rows: changedRows(changes, result.position).map(shownRow) };
}

function mapOf(contract: Contract | undefined, map: string): StateMapSpec {
  try {
    const spec = stateMapOf(contract, map);
    if (spec !== undefined) return spec;
  } catch {
    // A name of the client's choice is the client's mistake.
  }
  throw new BroadcastError('INVALID_MESSAGE', 'expected a map of the contract', { path: ['data', 'map'] });
}

function checkValue({ value: schema }: StateMapSpec, value: unknown): unknown {
  const result = checkStandard(schema, value);
  if (result.success) return result.data;
  throw new BroadcastError('INVALID_MESSAGE', result.message, { path: ['data', 'value', ...result.path] });
}
