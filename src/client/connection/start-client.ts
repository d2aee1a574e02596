import type { Contract } from '../../model/contract.js';
import type { CoreClient, RequestOptions } from '../client.js';
import { EVENTS, type Session } from './session.js';
import type { ClientState, StateChange } from '../state.js';
import { watchPage } from './page-visibility.js';

/** Begins to connect, and puts the public names before a session. */
export function startClient<K extends Contract>(session: Session): CoreClient<K> {
  const { settings, emitter, requestQueue, manager } = session;
  let state: ClientState = 'connecting';

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

  function retryNow(): void {
    if (manager.current === undefined) manager.dial();
  }

  async function request(type: string, data?: unknown, options: RequestOptions = {}): Promise<unknown> {
    const again = settings.resend.includes(type);
    const { timeoutMs = settings.timeoutMs, order = roomIn(data) } = options;
    return requestQueue.post(type, data, { ...options, timeoutMs, again, order: order || undefined });
  }

  emitter.on(EVENTS.state, (change: StateChange) => {
    state = change.state;
    if (state === 'closed') stopWatching();
  });
  manager.dial();

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
