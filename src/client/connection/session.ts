import { PROTOCOL_VERSION, type HelloMessage, type Welcome } from '../../base/protocol.js';
import { createEmitter, type Emitter } from '../base/emitter.js';
import { EVENTS } from '../base/events.js';
import { createConnectionManager, type ConnectionManager } from './connection-manager.js';
import type { ClientSocket } from './link.js';
import type { Welcomed } from './socket.js';
import type { ClientSettings } from '../options.js';
import { createRequestQueue, type RequestQueue } from '../requests/request-queue.js';
import { randomDigits } from '../base/random.js';
import { createReader } from '../requests/read-message.js';
import type { RequestError } from '../requests/request-error.js';
import { createDraining } from './draining.js';
import type { RoomsDeps } from '../rooms/room-entry.js';
import type { Rooms } from '../rooms/rooms.js';
import { createHeartbeat, type Heartbeat } from './heartbeat.js';

/**
 * The parts of a client, put together. What happens is told by `emitter`: messages by their type, the rest
 * below.
 */
export interface ClientSession<R extends Rooms | undefined = Rooms | undefined> {
  readonly emitter: Emitter;
  readonly settings: ClientSettings;
  readonly requestQueue: RequestQueue;
  readonly rooms: R;
  readonly manager: ConnectionManager;
  /** What the server said of the newest connection. */
  readonly welcome: Welcome | undefined;
  /** Finds out whether the connection is alive. */
  check(): void;
  /** Tells of a failure that nobody waits for. */
  complain(error: RequestError): void;
}

/** How long the hello on a new connection waits for answers on the one that it replaces. */
const QUIET_MS = 5000;
const QUIET_STEP_MS = 50;

/** A client without rooms has no `createRooms`, and none of its code. */
export function createSession<R extends Rooms | undefined>(
  settings: ClientSettings,
  createRooms: (deps: RoomsDeps) => R,
): ClientSession<R> {
  const { clock, random } = settings;
  const emitter = createEmitter();
  let idPrefix = '';
  let messages = 0;
  let welcome: Welcome | undefined;
  let heartbeat: Heartbeat | undefined;

  const requestQueue = createRequestQueue({
    ...settings,
    newId() {
      // Not when a module is loaded: servers exist that have no random numbers before the first request.
      idPrefix ||= randomDigits();
      return `${idPrefix}.${messages++}`;
    },
    onQueue: (queued) => emitter.emit(EVENTS.queue, queued),
    onSent(link, type) {
      if (link !== manager.current) return;
      heartbeat?.touch();
      if (!type.startsWith('$')) draining.mute();
    },
  });
  const draining = createDraining(clock, requestQueue);
  const rooms = createRooms({
    clock,
    random,
    requestQueue,
    emitter,
    current: () => manager.current,
    complain,
  });
  const manager = createConnectionManager({
    ...settings,
    requestQueue,
    hello,
    onText: createReader({
      requestQueue,
      rooms,
      emitter,
      isMuted: draining.isMuted,
      onBye: (link, data) => {
        manager.bye(link, data);
      },
      onStale: (link) => {
        manager.drop(link, 'unknown');
      },
      onError: complain,
    }),
    onState: (change) => emitter.emit(EVENTS.state, change),
    onWelcome: adopt,
    onLost(link) {
      draining.forget(link);
      rooms?.lost(link);
      if (manager.current === undefined) heartbeat?.stop();
    },
    onClose() {
      draining.close();
      rooms?.close();
    },
  });

  /**
   * Nothing is sent while the next connection is introduced: a handler would meet a client that is there
   * twice.
   */
  async function hello(): Promise<HelloMessage['data']> {
    const { current } = manager;
    requestQueue.sendOver(undefined);
    for (let waited = 0; current !== undefined && waited < QUIET_MS; waited += QUIET_STEP_MS) {
      if (requestQueue.unanswered(current) === 0) break;
      await new Promise<void>((resolve) => clock.after(QUIET_STEP_MS, resolve));
    }
    return { v: PROTOCOL_VERSION, rooms: {}, ...rooms?.hello() };
  }

  function adopt(welcomed: Welcomed, before: ClientSocket | undefined): void {
    const { link } = welcomed;
    welcome = welcomed.welcome;
    if (before !== undefined) draining.add(before);
    heartbeat?.stop();
    heartbeat = createHeartbeat({
      clock,
      random,
      welcome,
      ping: (timeoutMs) => requestQueue.post('$ping', undefined, { over: link, timeoutMs, isUrgent: true }),
      onDead: () => {
        manager.drop(link, 'no answer');
      },
      onOld: manager.dial,
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
    requestQueue,
    rooms,
    manager,
    get welcome() {
      return welcome;
    },
    check: () => heartbeat?.check(),
    complain,
  };
}
