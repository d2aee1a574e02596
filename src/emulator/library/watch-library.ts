/** Listens to what the library says of itself: rooms and reports; see `src/model/diagnostics.ts`. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { DIAGNOSTICS_CHANNEL, type Diagnostic } from '../../model/diagnostics.js';
import type { Broadcasts } from './broadcasts.js';
import type { FunctionHandler } from '../calls/invoker.js';
import type { KnownRooms } from './rooms.js';

export interface LibraryWatch {
  /** Takes what an instance has passed on. */
  record(diagnostic: Diagnostic): void;
  /** The function, with what it says in this process known to come from this gateway. */
  own(handler: FunctionHandler): FunctionHandler;
  /** Listens to functions in this process until it is stopped. */
  listen(): void;
  stop(): void;
}

/** Whose function is running, of all the gateways in this process. */
const runningFor = new AsyncLocalStorage<LibraryWatch>();

export function watchLibrary(rooms: KnownRooms, broadcasts: Broadcasts): LibraryWatch {
  function record(diagnostic: Diagnostic): void {
    switch (diagnostic.type) {
      case 'broadcast':
        broadcasts.reported(diagnostic);
        return;
      case 'joined':
        rooms.join(diagnostic.connectionId, diagnostic.room);
        return;
      case 'left':
        rooms.leave(diagnostic.connectionId, diagnostic.room);
        return;
      case 'removed':
        diagnostic.connectionIds.forEach(rooms.forget);
    }
  }

  /** What code outside of any function says is for every gateway: nobody knows which one it means. */
  function hear(message: unknown): void {
    const owner = runningFor.getStore();
    if (owner === undefined || owner === watch) record(message as Diagnostic);
  }

  const watch: LibraryWatch = {
    record,
    own:
      (handler) =>
      (...call) =>
        runningFor.run(watch, () => handler(...call)),
    listen() {
      subscribe(DIAGNOSTICS_CHANNEL, hear);
    },
    stop() {
      unsubscribe(DIAGNOSTICS_CHANNEL, hear);
    },
  };
  return watch;
}
