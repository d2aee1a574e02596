import type { WebSocketConstructor, WebSocketLike } from './connection/socket.js';

export type { WebSocketConstructor } from './connection/socket.js';

/** Frames of a queue's trigger begin like this; anything else is passed on as it is. */
const ENVELOPE = '{"messages":[';

/**
 * A constructor for sockets that also hear what the platform's own trigger broadcasts to their path
 * (`pathBroadcaster`): the messages are taken out of the trigger's envelope, and heard like any others.
 * Frames of other kinds are left as they are, so it does no harm where the trigger's transformer sends plain
 * messages.
 *
 * @param Base What makes the sockets. @default WebSocket
 *
 * @example
 * const client = connect<typeof board>({ url: 'wss://board.example/ws', WebSocket: nativeLane() });
 */
export function nativeLane(Base?: WebSocketConstructor): WebSocketConstructor {
  function open(url: string, protocols: string[]): WebSocketLike {
    // Looked up now: a server that only renders the page may have none.
    const Socket = Base ?? WebSocket;
    const socket: WebSocketLike & { binaryType?: unknown } = new Socket(url, protocols);
    // Which kind of frame the trigger sends is not documented. Text of a binary one is to be had at once.
    socket.binaryType = 'arraybuffer';
    let listener: ((event: { readonly data: unknown }) => void) | undefined;
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      for (const text of messagesIn(data)) listener?.({ data: text });
    };
    return Object.defineProperty(socket, 'onmessage', {
      get: () => listener,
      set: (next: typeof listener) => (listener = next),
    });
  }
  // Whoever calls a function with `new` gets the object that it returns.
  return open as unknown as WebSocketConstructor;
}

/** The messages of a trigger's envelope; a frame that is none, as it is. */
function messagesIn(data: unknown): unknown[] {
  const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : data;
  if (typeof text !== 'string' || !text.startsWith(ENVELOPE)) return [data];
  try {
    const { messages } = JSON.parse(text) as { messages: { details: { message: { body: string } } }[] };
    return messages.map(({ details }) => details.message.body);
  } catch {
    // The envelope of another kind of trigger.
    return [data];
  }
}
