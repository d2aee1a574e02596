import type { StoredConnection } from '../model/connection.js';
import type { ConnectionStore } from '../model/store.js';
import { withMethods } from './observed-methods.js';

/** Tells of every connection that is read or stored one by one: events carry its id, and not whose it is. */
export function learnUsers(
  store: ConnectionStore,
  learn: (connection: StoredConnection) => void,
): ConnectionStore {
  return withMethods(store, ['get', 'put'], async (name, args, run) => {
    const result = await run();
    const connection = (name === 'put' ? args[0] : result) as StoredConnection | undefined;
    if (connection?.user !== undefined) learn(connection);
    return result;
  });
}
