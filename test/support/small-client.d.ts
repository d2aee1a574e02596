import type { RoomPosition } from 'yc-broadcast/client';
import type { WebSocket } from 'ws';

export interface SmallClientOptions {
  readonly url: string;
  readonly room: string;
  readonly WebSocket: typeof WebSocket;
  onMessage(type: string, data: unknown): void;
  /** Messages of the room are lost for good. */
  onLost(): void;
  /** It does not come back, because of this code of the server, or `CLOSED`. */
  onStop(code: unknown): void;
}

export interface SmallClient {
  request(type: string, data?: unknown): Promise<unknown>;
  position(): RoomPosition | null;
  close(): void;
}

export declare function smallClient(options: SmallClientOptions): SmallClient;
