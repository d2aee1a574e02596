/** A client of a hundred lines, written from docs/protocol.md alone. It comes back, misses nothing, and says when it did. */
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';

type Position = { readonly offset: number; readonly epoch: string } | null;
type Message = { type: string; room: string; data: unknown; id: string; offset: number; epoch: string };
type State = { position: Position; recovered: boolean; messages: Message[]; more: boolean };
type Frame = Message & { replyTo: string; error: unknown };
type Options = {
  url: string;
  room: string;
  onMessage(message: Message): void;
  onLost(): void;
  onStop(code: number): void;
};

export function smallClient({ url, room, onMessage, onLost, onStop }: Options) {
  const prefix = randomUUID();
  const answers = new Map<string, [resolve: (data: unknown) => void, reject: (reason: unknown) => void]>();
  let early: Message[] = [];
  let position: Position = null;
  let [ids, stopped, lastId] = [0, false, ''];
  let socket = open();

  function open(): WebSocket {
    const own = new WebSocket(url);
    own.on('open', () => {
      void ask('$hello', { v: 1, rooms: { [room]: position } }).then(welcomed, () => {
        own.close();
      });
    });
    own.on('message', (text: Buffer) => {
      read(JSON.parse(text.toString()) as never);
    });
    own.on('error', () => undefined);
    own.on('close', () => {
      for (const [, reject] of answers.values()) reject(new Error('NO_ANSWER'));
      answers.clear();
      if (!stopped) setTimeout(() => (socket = stopped ? socket : open()), Math.random() * 100);
    });
    return own;
  }
  function welcomed(data: unknown): void {
    const { rooms, keepAliveMs } = data as { rooms: Record<string, State>; keepAliveMs: number };
    const pings = setInterval(() => void ask('$ping').catch(() => undefined), keepAliveMs);
    socket.on('close', () => {
      clearInterval(pings);
    });
    take(rooms[room] as State);
  }
  function ask(type: string, data?: unknown): Promise<unknown> {
    const id = `${prefix}.${ids++}`;
    socket.send(JSON.stringify({ type, data, id }));
    return new Promise((resolve, reject) => answers.set(id, [resolve, reject]));
  }
  function read(frame: Frame): void {
    if (frame.type === 'reply') answers.get(frame.replyTo)?.[0](frame.data);
    else if (frame.type === 'error') answers.get(frame.replyTo)?.[1](frame.error);
    else if (frame.type === '$bye') leave(frame.data as { code: number; reconnect: boolean });
    else if (frame.room === room) hear(frame);
    answers.delete(frame.replyTo);
  }
  function hear(message: Message): void {
    early = [...early, message].sort((a, b) => a.offset - b.offset);
    if (!drain())
      setTimeout(() => {
        if (!drain()) recover();
      }, 500);
  }
  /** Hands on what is next. Returns whether nothing waits. */
  function drain(): boolean {
    for (const next of early) {
      if (next.epoch !== position?.epoch || next.offset !== position.offset + 1) continue;
      position = { offset: next.offset, epoch: next.epoch };
      if (next.id !== lastId) onMessage(next);
      lastId = next.id;
    }
    early = early.filter(({ epoch, offset }) => epoch !== position?.epoch || offset > position.offset);
    return early.length === 0 || position === null;
  }
  function take(state: State): void {
    if (!state.recovered) onLost();
    if (!state.recovered || position === null)
      [position, early] = [state.position, state.recovered ? early : []];
    early.push(...state.messages);
    if (!drain() || state.more) recover();
  }
  function recover(): void {
    void ask('$recover', { room, since: position }).then(
      (state) => {
        take(state as State);
      },
      () => undefined,
    );
  }
  function leave({ code, reconnect }: { code: number; reconnect: boolean }): void {
    stopped = !reconnect;
    if (stopped) onStop(code);
    socket.close();
  }
  return {
    request: ask,
    position: () => position,
    close: () => {
      stopped = true;
      socket.close();
    },
  };
}
