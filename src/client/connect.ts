import type { Contract } from '../model/contract.js';
import type { Client } from './client.js';
import { settingsOf, type ConnectOptions } from './options.js';
import type { JoinOptions, Room } from './rooms/room.js';
import { createRooms } from './rooms/rooms.js';
import { createSession } from './connection/session.js';
import { startClient } from './connection/start-client.js';

/**
 * Connects to a server made with `createApp`, and stays connected until `close`. The types come from the
 * server's contract, which need not be in the page: `import type`.
 *
 * Throws {@link RequestError} `INVALID_OPTIONS` that names the option. With `lazy`, nothing is opened before
 * it is needed. Whatever happens later, no network and a refused handshake included, is told to `onState`,
 * and tried again.
 *
 * @example
 * const client = connect<typeof chat>({ url: 'wss://chat.example/ws', token: () => fetchTicket() });
 * const room = client.join('lobby');
 * room.on('said', ({ from, text }) => show(from, text));
 * await client.request('say', { room: 'lobby', text: 'hello' });
 */
export function connect<K extends Contract = Contract>(options: ConnectOptions<K>): Client<K> {
  const session = createSession(settingsOf(options), createRooms);
  const client = startClient<K>(session);
  return Object.assign(client, {
    join(name: string, want?: JoinOptions) {
      client.start();
      return session.rooms.join(name, want) as Room<K>;
    },
  });
}
