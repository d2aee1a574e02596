import * as z from 'zod/mini';
import { functionOption, lazily, parseOptions } from '../../base/options.js';
import { SET_TYPE, STATE_TYPE } from '../../base/protocol.js';
import type { Identity } from '../../model/connection.js';
import type { Contract } from '../../model/contract.js';
import type { Connection } from '../handlers/connection-handle.js';
import { shownPage } from './frame.js';
import type { RoomStateOption, StateOpener } from './open-state.js';
import { answerState, answerWrite, readStateRequest, readWrite } from './requests.js';
import type { RoomStateOptions, StateWriteOptions } from './room-state-options.js';
import { createRoomMap } from './room-map.js';
import { createRoomStates, type StateDeps } from './states.js';

const optionsSchema = lazily(() =>
  z.record(z.string(), z.strictObject({ write: functionOption<StateWriteOptions['write']>() })),
);

/**
 * Lets rooms hold state: maps of keys and values (`state` in the contract) that whoever joins gets, and whose
 * changes everybody in the room is told of. Give the same to the app and to every broadcaster of these rooms.
 * Needs a store that keeps the state of rooms, as all of this package do.
 *
 * Clients read what the rooms hold that they are in. What they may change, the options say; without them,
 * nothing.
 *
 * @example
 * const state = roomState<typeof game>({ players: { write: ({ connection, key }) => key === connection.user } });
 * const app = createApp({ contract: game, store, origins, rooms: { join: true, state } });
 * app.on('start', ({ data, state }) => state(data.room, 'board').set('turn', 'white'));
 */
export function roomState<K extends Contract = Contract, I extends Identity = Identity>(
  options: RoomStateOptions<K, I> = {},
): RoomStateOption {
  const writes = new Map(Object.entries(parseOptions(optionsSchema(), options, 'roomState')));
  const opener: StateOpener = { name: 'roomState', open: (deps) => open(deps, writes) };
  return opener;
}

function open(
  deps: StateDeps,
  writes: ReadonlyMap<string, StateWriteOptions>,
): ReturnType<StateOpener['open']> {
  const states = createRoomStates(deps);
  return {
    map: (room, map) => createRoomMap(states, room, map),
    page: async (room, since, maxBytes) => shownPage(await states.read(room, since, maxBytes)),
    requests: new Map<string, (data: unknown) => (connection: Connection) => Promise<unknown>>([
      [
        STATE_TYPE,
        (data) => {
          const asked = readStateRequest(data);
          return (connection) => answerState(states, connection, asked);
        },
      ],
      [
        SET_TYPE,
        (data) => {
          const write = readWrite(data);
          return (connection) => answerWrite({ states, contract: deps.contract, writes }, connection, write);
        },
      ],
    ]),
  };
}
