/** Rooms with a state, for a fake server: a real store's, told and answered as the protocol has it. */
import type { StatePosition } from 'yc-broadcast/protocol';
import { memoryStore } from 'yc-broadcast/stores/memory';
import type { StateChange } from '../../src/model/state.js';
import type { StoredRow } from '../../src/model/state-page.js';
import { shownPage, stateText } from '../../src/server/state/frame.js';
import { answerByDefault, type FakeServer, type FakeSocket, type SentMessage } from './fake-server.js';

export interface FakeState {
  /** Stores a change, and tells the newest socket unless the frame is lost. Resolves with the frame. */
  change(change: Partial<StateChange>, isLost?: boolean): Promise<object>;
  /** Loses everything: what comes is of another epoch. */
  forget(): void;
  /** Answers that are held back until a test lets them go. */
  readonly held: (() => void)[];
  /** Types whose answers are held back. */
  readonly hold: Set<string>;
  /** Most bytes of rows in one answer. */
  maxBytes: number;
  /** Answers in the place of the default, if it returns something. */
  intercept: (message: SentMessage, socket: FakeSocket) => unknown;
}

const ROOM = 'lobby';

export function createFakeState(server: FakeServer, now: () => number): FakeState {
  let generation = 0;
  const state = memoryStore({ now }).state;
  if (state === undefined) throw new Error('no state');
  const room = (): string => `${ROOM}#${generation}`;

  async function page(since: StatePosition | null | undefined): Promise<object> {
    if (since === undefined) return {};
    const read = await state?.read(room(), { since, maxBytes: fake.maxBytes });
    return read === undefined ? {} : { state: shownPage(read) };
  }

  async function answerOf({ type, data }: SentMessage): Promise<unknown> {
    const asked = (data ?? {}) as {
      readonly want?: Record<string, { readonly state?: StatePosition | null }>;
      readonly rooms?: Record<string, StatePosition | null>;
    };
    const joined = { position: null, recovered: true, messages: [], more: false };
    if (type === '$hello') {
      const own = asked.want?.[ROOM];
      const rooms = ROOM in (asked.rooms ?? {}) ? { [ROOM]: { ...joined, ...(await page(own?.state)) } } : {};
      return { v: 1, ...server.welcome, rooms };
    }
    if (type === '$join')
      return {
        ...joined,
        ...(await page((asked.want as { state?: StatePosition | null } | undefined)?.state)),
      };
    if (type === '$state') {
      const answer = (await page(asked.rooms?.[ROOM])) as { state?: unknown };
      return { rooms: { [ROOM]: answer.state } };
    }
    if (type === '$set') return set(data as StateChange);
    return undefined;
  }

  async function set({ map, key, value, ifVersion }: StateChange): Promise<unknown> {
    const encoded = value === undefined ? undefined : JSON.stringify(value);
    const result = await state?.change(room(), [{ map, key, value: encoded, ifVersion }]);
    const rowOf = (row: StoredRow): unknown[] =>
      row.value === undefined
        ? [row.map, row.key, row.version]
        : [row.map, row.key, row.version, JSON.parse(row.value)];
    if (result?.changed !== true) return { changed: false, rows: result?.rows.map(rowOf) };
    const row = { map, key, version: result.position.version, value: encoded };
    return { changed: true, ...result.position, rows: [rowOf(row)] };
  }

  server.answer = (message, socket) => {
    const given = fake.intercept(message, socket);
    if (given !== undefined) return;
    if (message.type === '$leave') {
      socket.reply(message);
      return;
    }
    if (!['$hello', '$join', '$state', '$set'].includes(message.type)) {
      answerByDefault(server, message, socket);
      return;
    }
    void answerOf(message).then((answer) => {
      const reply = (): void => {
        socket.reply(message, answer);
      };
      if (fake.hold.has(message.type)) fake.held.push(reply);
      else reply();
    });
  };

  const fake: FakeState = {
    async change(given, isLost = false) {
      const change = { map: 'players', key: 'ann', ...given };
      const result = await state.change(room(), [change]);
      if (!result.changed) throw new Error('refused');
      const row = { ...change, version: result.position.version };
      const frame = JSON.parse(stateText(ROOM, result.position, [row])) as object;
      if (!isLost) server.socket.say(frame);
      return frame;
    },
    forget: () => {
      generation++;
    },
    held: [],
    hold: new Set(),
    maxBytes: 100_000,
    intercept: () => undefined,
  };
  return fake;
}
