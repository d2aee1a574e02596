import { PRESENCE_TYPE, type Presence, type RoomState } from '../../base/protocol.js';
import type { Emitter } from '../base/emitter.js';
import type { ClientSocket } from '../connection/link.js';
import type { RequestError } from '../requests/request-error.js';
import { isPresence } from './read-state.js';
import { ROOM_EVENTS } from './room-events.js';

/** What the server says of who is in a room, on its way to those who want to know. */
export interface RoomPresenceFeed {
  /** The room is joined over a connection. */
  entered(link: ClientSocket, state: RoomState): void;
  /** The server says it. */
  notify(presence: Presence): void;
  /** Asks the server, unless the room is not joined: then the answer to joining tells. */
  ask(): void;
  /** A connection has broken. */
  lost(link: ClientSocket): void;
}

export interface RoomPresenceDeps {
  readonly room: string;
  readonly emitter: Emitter;
  readonly ask: (link: ClientSocket, type: string, data: object) => Promise<unknown>;
  readonly complain: (error: RequestError) => void;
}

export function createRoomPresence({ room, emitter, ask, complain }: RoomPresenceDeps): RoomPresenceFeed {
  let joined: ClientSocket | undefined;
  /** Returns whether anybody wants to know. */
  const notify = (presence: Presence | undefined): boolean => emitter.emit(ROOM_EVENTS.presence, presence);

  function askServer(): void {
    const over = joined;
    if (over === undefined) return;
    ask(over, PRESENCE_TYPE, { room }).then(
      (presence) => {
        if (isPresence(presence as Presence | undefined)) notify(presence as Presence);
      },
      (error: unknown) => {
        // Of an earlier connection: the next one has told, or will.
        if (over === joined) complain(error as RequestError);
      },
    );
  }

  return {
    entered(link, { presence }) {
      joined = link;
      // A welcome leaves out what does not fit.
      if (notify(presence) && presence === undefined) askServer();
    },
    notify,
    ask: askServer,
    lost(link) {
      if (link !== joined) return;
      joined = undefined;
      notify(undefined);
    },
  };
}
