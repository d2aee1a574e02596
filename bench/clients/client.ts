import type { Transport } from 'yc-broadcast';
import { PAYLOAD } from '../target.js';

/** Sends one message; the harness keeps a window of calls under way. Never closed: its process ends. */
export interface SendClient {
  /** Resolves when the server accepted the message, rejects otherwise. */
  send(connectionId: string): Promise<unknown>;
}

/** Reaches a whole room by its own means, so that its own window counts. */
export interface RoomClient {
  /** Reaches `size` recipients and returns how many accepted. */
  sendRoom(size: number): Promise<number>;
}

export type Client = SendClient | RoomClient;

/** A transport of ours without a broadcast around it. */
export function overTransport(transport: Transport): SendClient {
  const payload = transport.encode(PAYLOAD);
  const options = { timeoutMs: 10_000 };
  return {
    send: (id) => transport.send(id, payload, options),
  };
}
