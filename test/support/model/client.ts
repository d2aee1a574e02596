/**
 * A client that follows the protocol in as few lines as that takes, with switches for each of its safeguards.
 */
import type { RoomPosition } from 'yc-broadcast';
import type { NumberedMessage, RoomState } from 'yc-broadcast/protocol';

/** Safeguards of the client that a mutant lacks. */
export type ClientMutant =
  'drop by offset' | 'gap detection' | 'epoch in the client' | 'position in $hello' | 'ask for more';

export interface ModelSocket {
  send(message: { readonly type: string; readonly data: unknown; readonly id: string }): void;
  close(): void;
}

/** What a page learns: where it begins, a message, or that something up to a position was lost. */
export type Told =
  { readonly message: NumberedMessage } | { readonly start: RoomPosition } | { readonly lost: RoomPosition };

export const ROOM = 'r';

export function createModelClient(openSocket: () => ModelSocket, mutant: string | undefined) {
  const told: Told[] = [];
  const early = new Map<string, NumberedMessage>();
  let position: RoomPosition | undefined;
  /** The newest socket, and the one that it will take the place of. */
  let socket: ModelSocket | undefined;
  let retiring: ModelSocket | undefined;
  /** The id of the request whose answer will bring what is missing. */
  let asked: string | undefined;
  let nextId = 0;

  function open(): void {
    asked = `${++nextId}`;
    const since = mutant === 'position in $hello' ? null : (position ?? null);
    socket = openSocket();
    socket.send({ type: '$hello', id: asked, data: { v: 1, rooms: { [ROOM]: since } } });
  }

  function recover(): void {
    if (asked !== undefined || socket === undefined) return;
    asked = `${++nextId}`;
    socket.send({ type: '$recover', id: asked, data: { room: ROOM, since: position } });
  }

  function take(message: NumberedMessage): void {
    if (position === undefined) return;
    const isOtherEpoch = mutant !== 'epoch in the client' && message.epoch !== position.epoch;
    const isNext = message.offset === position.offset + 1;
    const isOld = message.offset <= position.offset;
    if (!isOtherEpoch && isOld && mutant !== 'drop by offset') return;
    if (isOtherEpoch || (!isNext && !isOld && mutant !== 'gap detection')) {
      early.set(`${message.epoch}/${message.offset}`, message);
      recover();
      return;
    }
    position = { offset: message.offset, epoch: message.epoch };
    told.push({ message });
  }

  function applyState(state: RoomState): void {
    asked = undefined;
    if (state.position !== null && (position === undefined || !state.recovered)) {
      told.push(position === undefined ? { start: state.position } : { lost: state.position });
      position = state.position;
    }
    state.messages.forEach(take);
    if (state.more && mutant !== 'ask for more') {
      recover();
      return;
    }
    const waiting = [...early.values()].sort((a, b) => a.offset - b.offset);
    early.clear();
    // Frames of an epoch that is over have nothing to follow.
    for (const message of waiting)
      if (message.epoch === position?.epoch || mutant === 'epoch in the client') take(message);
  }

  return {
    told,
    isConnected: () => socket !== undefined,
    position: () => position,
    connect(): void {
      if (socket === undefined) open();
    },
    /** Opens the next connection while the old one is still read. */
    rotate(): void {
      if (socket === undefined || asked !== undefined || retiring !== undefined) return;
      retiring = socket;
      open();
    },
    onClose(closed: ModelSocket): void {
      if (closed === retiring) retiring = undefined;
      if (closed !== socket) return;
      asked = undefined;
      socket = undefined;
      retiring?.close();
      retiring = undefined;
    },
    onReply(id: string, data: unknown): void {
      if (id !== asked) return;
      const answer = data as RoomState & { readonly rooms?: Record<string, RoomState> };
      applyState(answer.rooms?.[ROOM] ?? answer);
      retiring?.close();
      retiring = undefined;
    },
    onMessage(message: NumberedMessage): void {
      if (asked === undefined) take(message);
      else early.set(`${message.epoch}/${message.offset}`, message);
    },
  };
}

export type ModelClient = ReturnType<typeof createModelClient>;
