/** As much of a WebSocket as this client needs: browsers, Node.js 22 and the package `ws` have it. */
export interface WebSocketLike {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(data: string): void;
  close(): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export interface SocketEvents {
  onOpen(): void;
  onText(text: string): void;
  /** Once, and not after `close`. */
  onEnd(code: number, reason: string): void;
}

export interface Socket {
  send(text: string): void;
  /** Nothing is heard of it from then on: a dead network would never answer the close handshake. */
  close(): void;
}

export function openSocket(
  WebSocket: WebSocketConstructor,
  url: string,
  protocols: readonly string[],
  { onOpen, onText, onEnd }: SocketEvents,
): Socket {
  const socket = new WebSocket(url, [...protocols]);
  let isOver = false;
  socket.onopen = () => {
    if (!isOver) onOpen();
  };
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (!isOver && typeof data === 'string') onText(data);
  };
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
    if (isOver) return;
    isOver = true;
    onEnd(code, reason);
  };
  // A close event follows; `ws` throws an error that nobody listens to.
  socket.onerror = () => undefined;
  return {
    send: (text) => {
      socket.send(text);
    },
    close() {
      isOver = true;
      socket.close();
    },
  };
}
