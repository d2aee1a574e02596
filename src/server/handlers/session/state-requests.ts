import { BroadcastError } from '../../../base/errors.js';
import type {
  RoomRefusal,
  StatePage,
  StatePosition,
  StateWrite,
  StateWritten,
} from '../../../base/protocol.js';
import { stateMapOf, type StateMapSpec } from '../../../model/contract.js';
import { checkStandard } from '../../../model/standard-schema.js';
import { changedRows } from '../../state/states.js';
import { shownPage, shownRow } from '../../state/frame.js';
import type { Connection } from '../connection-handle.js';
import { RoomForbiddenError } from '../room-forbidden-error.js';
import type { HelloDeps } from './hello.js';
import { createReplyBudget } from './reply-budget.js';
import { requireMember } from './room-state.js';

type StateAnswer = StatePage | RoomRefusal;

const NOT_IN_ROOM: RoomRefusal = { error: { code: 'NOT_IN_ROOM', message: 'join the room first' } };

/** What has changed in the state of rooms that the connection is in. A room that does not fit is left out: ask for it again. */
export async function answerState(
  { states }: HelloDeps,
  connection: Connection,
  asked: readonly (readonly [string, StatePosition | null])[],
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

/** Changes a key for a client, where the app lets it. The others in the room are told; the client has the answer. */
export async function answerWrite(
  parts: HelloDeps,
  connection: Connection,
  { room, map, key, value, ifVersion }: StateWrite,
): Promise<StateWritten> {
  await requireMember(connection, room);
  const spec = mapOf(parts, map);
  const checked = value === undefined ? undefined : checkValue(spec, value);
  const write = Object.hasOwn(parts.rooms.state ?? {}, map) ? parts.rooms.state?.[map]?.write : undefined;
  const isAllowed = (await write?.({ connection, room, key, value: checked })) === true;
  if (!isAllowed)
    throw new RoomForbiddenError(`rooms.state.${map}.write does not allow this in room '${room}'`);
  const encoded = checked === undefined ? {} : { value: parts.states.encode(map, value) };
  const ttlMs = checked === undefined ? undefined : spec.ttlMs;
  const changes = [{ map, key, ...encoded, ttlMs, ifVersion }];
  const result = await parts.states.change(room, changes, connection.id);
  if (!result.changed) return { changed: false, rows: result.rows.map(shownRow) };
  const rows = changedRows(changes, result.position).map(shownRow);
  return { changed: true, version: result.position.version, epoch: result.position.epoch, rows };
}

function mapOf({ contract }: HelloDeps, map: string): StateMapSpec {
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
