import type { Contract } from '../../model/contract.js';
import type { CoreClient, RequestOptions } from '../client.js';
import { EVENTS } from '../base/events.js';
import type { ClientSession } from './session.js';
import type { ClientState, ClientStateChange } from '../client-state.js';
import { watchPage } from './page-visibility.js';

/** Puts the public names before a session, and begins to connect unless that is left to the first use. */
export function startClient<K extends Contract>(session: ClientSession): CoreClient<K> {
  const { settings, emitter, requestQueue, manager } = session;
  let state: ClientState = 'connecting';
  let isStarted = false;

  const stopWatching = watchPage({
    onOnline: retryNow,
    onOffline() {
      if (manager.current !== undefined) manager.drop(manager.current, 'offline');
    },
    onVisible() {
      retryNow();
      session.check();
    },
  });

  function start(): void {
    if (isStarted) return;
    settings.webSocket();
    isStarted = true;
    manager.dial();
  }

  function retryNow(): void {
    if (isStarted && manager.current === undefined) manager.dial();
  }

  async function request(type: string, data?: unknown, options: RequestOptions = {}): Promise<unknown> {
    start();
    const again = settings.resend.includes(type);
    const { timeoutMs = settings.timeoutMs, order = roomIn(data) } = options;
    return requestQueue.post(type, data, { ...options, timeoutMs, again, order: order || undefined });
  }

  emitter.on(EVENTS.state, (change: ClientStateChange) => {
    state = change.state;
    if (state === 'closed') stopWatching();
  });
  if (!settings.lazy) start();

  return {
    get state() {
      return state;
    },
    get user() {
      return session.welcome?.user;
    },
    get queued() {
      return requestQueue.queued;
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
    start,
    retryNow,
    close() {
      manager.close('CLOSED', 'closed');
    },
  };
}

/** The room that a message names, as those of most contracts do. */
function roomIn(data: unknown): string | false {
  const room = (data as { readonly room?: unknown } | null | undefined)?.room;
  return typeof room === 'string' && room;
}
