import { BroadcastError, ClientFacingError } from '../../../base/errors.js';
import type { RoomHistories } from '../../history/histories.js';
import { numberedText } from '../../history/numbered-text.js';
import type {
  JsonValue,
  NumberedMessage,
  Presence,
  RoomPosition,
  RoomState,
  StatePosition,
} from '../../../base/protocol.js';
import { joinAuthorized, requireMembership, type Connection, type HandleDeps } from '../connection-handle.js';
import { RoomForbiddenError } from '../room-forbidden-error.js';
import type { RoomsOptions } from './options.js';
import type { OpenState } from '../../state/open-state.js';
import type { ReplyBudget } from './reply-budget.js';
import type { RoomRequest } from './requests.js';

export interface RoomDeps extends Pick<HandleDeps, 'store' | 'authorize' | 'presence'> {
  readonly rooms: RoomsOptions;
  readonly histories: RoomHistories;
  readonly state: OpenState | undefined;
  readonly report: (reason: unknown, during: string) => void;
}

/** Rejects with `FORBIDDEN` unless clients may join and leave the room by themselves. */
export function requireOpen({ rooms }: RoomDeps, room: string): void {
  const { join } = rooms;
  const isOpen = !room.startsWith('$') && (join === true || join?.(room) === true);
  if (!isOpen) throw new RoomForbiddenError(`rooms.join does not open room '${room}' to clients`);
}

/** Rejects with `FORBIDDEN` unless the room is open to clients and `authorize` says yes. */
export async function requireAdmission(parts: RoomDeps, connection: Connection, room: string): Promise<void> {
  requireOpen(parts, room);
  await requireMembership(parts.authorize, connection, room);
}

/** Joins a room that is open to clients. Rejects with `FORBIDDEN` also when `authorize` says no. */
export async function enterRoom(parts: RoomDeps, connection: Connection, room: string): Promise<void> {
  await requireAdmission(parts, connection, room);
  await joinAuthorized(connection, parts, room);
}

export async function requireMember(connection: Connection, room: string): Promise<void> {
  if ((await connection.rooms()).includes(room)) return;
  throw new ClientFacingError('NOT_IN_ROOM', 'join the room first', ['data', 'room']);
}

/**
 * Adds who is there, where that is shown; left out when it does not fit, and then the client may ask for it.
 */
export async function withPresence(
  { presence }: RoomDeps,
  room: string,
  state: RoomState,
  budget: ReplyBudget,
): Promise<RoomState> {
  const here = await presence?.who(room);
  return here !== undefined && budget.spend(JSON.stringify(here)) ? { ...state, presence: here } : state;
}

/** Who is in a room that the connection is in. */
export async function presenceOf(
  { presence }: RoomDeps,
  connection: Connection,
  room: string,
): Promise<Presence> {
  await requireMember(connection, room);
  const here = await presence?.who(room);
  if (here === undefined)
    throw new RoomForbiddenError(`rooms.presence does not show who is in room '${room}'`);
  return here;
}

/** How many entries are read at a time: some kilobytes of ordinary messages. */
const PAGE = 100;

/**
 * What a member missed behind `since`, as much as fits. It must have joined before: what is sent while this
 * reads then reaches it both ways, and the offset tells; had it joined after, that would reach it neither
 * way.
 */
export async function readRoom(
  parts: RoomDeps,
  connection: Connection,
  { room, since, want }: RoomRequest,
  budget: ReplyBudget,
): Promise<RoomState> {
  const missed = await readMissed(parts, room, since, want.last ?? 0, budget);
  const isNew = since == null || !missed.recovered;
  // After the position: what is sent while it loads then comes behind it.
  const load = want.load === true && isNew ? await loadState(parts, connection, room, budget) : {};
  const state = want.state === undefined ? {} : await readState(parts, room, want.state, budget);
  return { ...missed, ...load, ...state };
}

async function readMissed(
  { histories }: RoomDeps,
  room: string,
  since: RoomPosition | null | undefined,
  last: number,
  budget: ReplyBudget,
): Promise<RoomState> {
  if (!histories.isKept(room)) return { position: null, recovered: since == null, messages: [], more: false };
  if (since == null) return readLast(histories, room, last, budget);
  const missed = await readBehind(histories, room, since, budget);
  return missed.recovered || last === 0
    ? missed
    : { ...(await readLast(histories, room, last, budget)), recovered: false };
}

/** The last messages, as many as fit: what does not is left out at the old end. */
async function readLast(
  histories: RoomHistories,
  room: string,
  last: number,
  budget: ReplyBudget,
): Promise<RoomState> {
  const { entries, position } = await histories.read(room, undefined, last);
  const messages: NumberedMessage[] = [];
  for (const { offset, data } of entries.toReversed()) {
    const text = numberedText(data, room, { offset, epoch: position.epoch });
    if (!budget.spend(text)) break;
    messages.unshift(JSON.parse(text) as NumberedMessage);
  }
  return { position, recovered: true, messages, more: false };
}

/** Longest that `rooms.load` is waited for, in milliseconds. */
const LOAD_MS = 3000;

/** What the app returns for the room, unless it fails or does not fit: then the client asks again. */
async function loadState(
  { rooms, report }: RoomDeps,
  connection: Connection,
  room: string,
  budget: ReplyBudget,
): Promise<Pick<RoomState, 'load'>> {
  // Asked for again and again otherwise.
  if (rooms.load === undefined) return { load: null };
  try {
    const loaded = await within(LOAD_MS, rooms.load({ room, connection }));
    const text = JSON.stringify(loaded ?? null);
    return budget.spend(text) ? { load: JSON.parse(text) as JsonValue } : {};
  } catch (reason) {
    report(reason, 'rooms.load');
    return {};
  }
}

async function within<T>(ms: number, value: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new BroadcastError('NO_ANSWER', `rooms.load did not settle within ${ms} ms`));
    }, ms);
  });
  return Promise.race([value, tooLate]).finally(() => {
    clearTimeout(timer);
  });
}

/**
 * The room's state behind a position, as much as fits; left out when nothing does, and then the client asks
 * for it.
 */
async function readState(
  { state }: RoomDeps,
  room: string,
  since: StatePosition | null,
  budget: ReplyBudget,
): Promise<Pick<RoomState, 'state'>> {
  const page = await state?.page(room, since, budget.left());
  return page !== undefined && budget.spend(JSON.stringify(page)) ? { state: page } : {};
}

async function readBehind(
  histories: RoomHistories,
  room: string,
  since: RoomPosition,
  budget: ReplyBudget,
): Promise<RoomState> {
  const messages: NumberedMessage[] = [];
  for (let behind = since; ;) {
    const page = await histories.read(room, behind, budget.isSpent() ? 0 : PAGE);
    const { recovered, position, entries } = page;
    // Trimmed between two pages: what was read is complete, and the next request is told what is lost.
    if (!recovered) return { position, recovered: messages.length > 0, messages, more: messages.length > 0 };
    for (const { offset, data } of entries) {
      behind = { offset, epoch: position.epoch };
      const text = numberedText(data, room, behind);
      if (!budget.spend(text)) return { position, recovered, messages, more: true };
      messages.push(JSON.parse(text) as NumberedMessage);
    }
    if (!page.more || entries.length === 0) return { position, recovered, messages, more: page.more };
  }
}
