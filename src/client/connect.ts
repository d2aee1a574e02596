import type { Contract } from '../contract.js';
import type { Client, RequestOptions } from './client.js';
import { settingsOf, type ConnectOptions } from './options.js';
import { RequestError } from './request-error.js';
import { createSession, EVENTS } from './session.js';
import type { ClientState, StateChange } from './state.js';
import { watchSurroundings } from './surroundings.js';

/**
 * Connects to a server made with `createApp`, and stays connected until `close`. The types come from the server's
 * contract, which need not be in the page: `import type`.
 *
 * Throws {@link RequestError} `INVALID_OPTIONS` that names the option. Whatever happens later, no network and a refused
 * handshake included, is told to `onState`, and tried again.
 *
 * @example
 * const client = connect<typeof chat>({ url: 'wss://chat.example/ws', token: () => fetchTicket() });
 * const room = client.join('lobby');
 * room.on('said', ({ from, text }) => show(from, text));
 * await client.request('say', { room: 'lobby', text: 'hello' });
 */
export function connect<K extends Contract = Contract>(options: ConnectOptions<K>): Client<K> {
  const settings = settingsOf(options);
  const session = createSession(settings);
  const { emitter, outbox, rooms, keeper } = session;
  let state: ClientState = 'connecting';

  const stopWatching = watchSurroundings({
    onOnline: retryNow,
    onOffline() {
      if (keeper.current !== undefined) keeper.drop(keeper.current, 'the network is gone');
    },
    onVisible() {
      retryNow();
      session.check();
    },
  });

  function retryNow(): void {
    if (keeper.current === undefined) keeper.dial();
  }

  async function request(
    type: string,
    data?: unknown,
    { timeoutMs, signal }: RequestOptions = {},
  ): Promise<unknown> {
    if (settings.contract !== undefined && !Object.hasOwn(settings.contract.client, type))
      throw new RequestError('INVALID_OPTIONS', `the contract's client messages have no type '${type}'`);
    const again = settings.resend.includes(type);
    return outbox.post(type, data, { timeoutMs: timeoutMs ?? settings.timeoutMs, signal, again });
  }

  emitter.on(EVENTS.state, (change: StateChange) => {
    state = change.state;
    if (state === 'closed') stopWatching();
  });
  keeper.dial();

  return {
    get state() {
      return state;
    },
    get user() {
      return session.welcome?.user;
    },
    get queued() {
      return outbox.queued;
    },
    onState: (listener) => emitter.on(EVENTS.state, listener),
    onQueue: (listener) => emitter.on(EVENTS.queue, listener),
    onConnection: (listener) => emitter.on(EVENTS.connection, listener),
    onError: (listener) => emitter.on(EVENTS.error, listener),
    send(type, ...rest) {
      request(type, ...rest).catch(session.complain);
    },
    request: (type, ...rest) => request(type, ...rest) as Promise<never>,
    on: (type, listener) => emitter.on(type, listener),
    join: rooms.join,
    retryNow,
    close() {
      keeper.close('CLOSED', 'closed by the page');
    },
  };
}
