import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import { objectWith, parseOptions } from '../base/options.js';
import type { Contract } from '../model/contract.js';
import type { Observer } from '../model/observer.js';
import type { ConnectionStore } from '../model/store.js';
import type { Transport } from '../model/transport.js';
import type { Dispatcher } from './fanout/dispatch.js';
import { settingsShape, type BroadcastSettings } from './fanout/settings.js';
import type { RoomStateOption, StateOpener } from './state/open-state.js';
import { historyOptionSchema, type HistoryOption } from './history/histories.js';

/** What apps and broadcasters are made of, in the same names and the same places. */
export interface SharedOptions<K extends Contract = Contract> {
  /** Where connections are kept. There is no default: instances of a function share no memory. */
  readonly store: ConnectionStore;
  /** How connections are reached. Default: `defaultTransport()`. */
  readonly transport?: Transport | undefined;
  /** What clients and server may send. Without it any type and any JSON value may be sent. */
  readonly contract?: K | undefined;
  /** How broadcasts behave. */
  readonly broadcast?: BroadcastSettings | undefined;
  readonly rooms?: SharedRoomsOptions | undefined;
  /**
   * Who measures or writes down what is done: `logs()`, `openTelemetry()`. The first one stands outermost.
   * Default: nobody.
   */
  readonly observe?: readonly Observer[] | undefined;
}

/** What apps and broadcasters know of rooms. */
export interface SharedRoomsOptions {
  /**
   * Rooms that keep what is sent to them, so that clients who come back get what they missed: what `send`
   * brings to such a room is kept and numbered. Give the app and every broadcaster of these rooms the same.
   * Needs a store with histories, as all of this package have. Default: none does.
   */
  readonly history?: HistoryOption | undefined;
  /**
   * Lets rooms hold state; made by `roomState()` of `yc-broadcast/state`. Needs a store that keeps it, as all
   * of this package do. Default: they hold none.
   */
  readonly state?: RoomStateOption | undefined;
}

export const sharedRoomsShape = () => ({
  history: z.optional(historyOptionSchema()),
  state: z.optional(objectWith<StateOpener>('roomState()', 'open')),
});

/** `rooms` stands beside it, since apps know more of them. */
export const sharedShape = () => ({
  contract: z.optional(objectWith<Contract>('a contract')),
  store: objectWith<ConnectionStore>(
    'a connection store, for example memoryStore()',
    'put',
    'list',
    'remove',
  ),
  transport: z.optional(objectWith<Transport>('a transport, for example restTransport()', 'encode', 'send')),
  broadcast: z.prefault(
    z.strictObject({
      ...settingsShape(),
      fanout: z.optional(objectWith<Dispatcher>('queueFanout({ … })', 'dispatch', 'work')),
    }),
    {},
  ),
  observe: z._default(z.array(objectWith<Observer>('an observer, for example logs()')), []),
});

/** Where options belong that one may look for beside `store`. */
const PLACES = new Map([
  ['queue', 'broadcast: { fanout: queueFanout({ queue }) }'],
  ...['history', 'presence', 'join', 'load', 'state'].map((name) => [name, `rooms: { ${name}: … }`] as const),
  ...['fanout', ...Object.keys(settingsShape())].map((name) => [name, `broadcast: { ${name}: … }`] as const),
]);

/** Like `parseOptions`, and says of an option in the wrong place which is the right one. */
export const parseShared: typeof parseOptions = (schema, options, what) => {
  for (const name of typeof options === 'object' && options !== null ? Object.keys(options) : []) {
    const place = PLACES.get(name);
    if (place === undefined) continue;
    const [group = ''] = place.split(':');
    throw new BroadcastError('INVALID_OPTIONS', `${what}.${name}: is an option of ${group}: ${place}`, {
      path: [name],
    });
  }
  return parseOptions(schema, options, what);
};
