/** A socket to the server. */
export interface ClientSocket {
  /** Closed, by either side. */
  readonly isOver: boolean;
  send(text: string): void;
  /** Nothing is heard of it from then on: a dead network would never answer the close handshake. */
  close(): void;
}
