import { PROTOCOL_VERSION, type HelloMessage, type Welcome } from '../../base/protocol.js';
import { createEmitter, type Emitter } from '../base/emitter.js';
import { createKeeper, type Keeper } from './connection-manager.js';
import type { Link } from './link.js';
import type { Welcomed } from './socket.js';
import type { Settings } from '../options.js';
import { createOutbox, type Outbox } from '../requests/request-queue.js';
import { randomDigits } from '../base/random.js';
import { createReader } from '../requests/read-message.js';
import type { RequestError } from '../requests/request-error.js';
import { createRetirement } from './draining.js';
import type { Rooms, RoomsParts } from '../rooms/rooms.js';
import { createUpkeep, type Upkeep } from './heartbeat.js';

/** The parts of a client, put together. What happens is told by `emitter`: messages by their type, the rest below. */
export interface Session<R extends Rooms | undefined = Rooms | undefined> {
  readonly emitter: Emitter;
  readonly settings: Settings;
  readonly outbox: Outbox;
  readonly rooms: R;
  readonly keeper: Keeper;
  /** What the server said of the newest connection. */
  readonly welcome: Welcome | undefined;
  /** Finds out whether the connection is alive. */
  check(): void;
  /** Tells of a failure that nobody waits for. */
  complain(error: RequestError): void;
}

/** Events that are no messages. */
export const EVENTS = { state: 0, queue: 1, connection: 2, error: 3 } as const;

/** How long the hello on a new connection waits for answers on the one that it replaces. */
const QUIET_MS = 5000;
const QUIET_STEP_MS = 50;

/** A client without rooms has no `createRooms`, and none of its code. */
export function createSession<R extends Rooms | undefined>(
  settings: Settings,
  createRooms: (parts: RoomsParts) => R,
): Session<R> {
  const { clock, random } = settings;
  const emitter = createEmitter();
  const idPrefix = randomDigits();
  let messages = 0;
  let welcome: Welcome | undefined;
  let upkeep: Upkeep | undefined;

  const outbox = createOutbox({
    ...settings,
    newId: () => `${idPrefix}.${messages++}`,
    onQueue: (queued) => emitter.emit(EVENTS.queue, queued),
    onSent(link, type) {
      if (link !== keeper.current) return;
      upkeep?.touch();
      if (!type.startsWith('$')) retirement.mute();
    },
  });
  const retirement = createRetirement(clock, outbox);
  const rooms = createRooms({ clock, random, outbox, emitter, current: () => keeper.current, complain });
  const keeper = createKeeper({
    ...settings,
    outbox,
    hello,
    onText: createReader({
      outbox,
      rooms,
      emitter,
      isMuted: retirement.isMuted,
      onBye: (link, data) => {
        keeper.bye(link, data);
      },
      onStale: (link) => {
        keeper.drop(link, 'unknown');
      },
      onError: complain,
    }),
    onState: (change) => emitter.emit(EVENTS.state, change),
    onWelcome: take,
    onLost(link) {
      retirement.forget(link);
      rooms?.lost(link);
      if (keeper.current === undefined) upkeep?.stop();
    },
    onClose() {
      retirement.close();
      rooms?.close();
    },
  });

  /** Nothing is sent while the next connection is introduced: a handler would meet a client that is there twice. */
  async function hello(): Promise<HelloMessage['data']> {
    const { current } = keeper;
    outbox.sendOver(undefined);
    for (let waited = 0; current !== undefined && waited < QUIET_MS; waited += QUIET_STEP_MS) {
      if (outbox.unanswered(current) === 0) break;
      await new Promise<void>((resolve) => clock.after(QUIET_STEP_MS, resolve));
    }
    return { v: PROTOCOL_VERSION, rooms: rooms?.positions() ?? {} };
  }

  function take(welcomed: Welcomed, before: Link | undefined): void {
    const { link } = welcomed;
    welcome = welcomed.welcome;
    if (before !== undefined) retirement.add(before);
    upkeep?.stop();
    upkeep = createUpkeep({
      clock,
      random,
      welcome,
      ping: (timeoutMs) => outbox.post('$ping', undefined, { over: link, timeoutMs, isUrgent: true }),
      onDead: () => {
        keeper.drop(link, 'no answer');
      },
      onOld: keeper.dial,
    });
    rooms?.welcomed(link, welcome.rooms);
    emitter.emit(EVENTS.connection, { isReplacement: before !== undefined });
  }

  function complain(error: RequestError): void {
    if (!emitter.emit(EVENTS.error, error)) console.warn(error.message);
  }

  return {
    settings,
    emitter,
    outbox,
    rooms,
    keeper,
    get welcome() {
      return welcome;
    },
    check: () => upkeep?.check(),
    complain,
  };
}
