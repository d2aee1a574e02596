import type { HeaderLookup } from '../../base/headers.js';

/** What all three websocket events have in common. */
export interface SocketEvent {
  readonly connectionId: string;
  /** When the gateway accepted the connection, in Unix milliseconds. */
  readonly connectedAt: number;
  readonly headers: HeaderLookup;
  /** The path of the request as the client wrote it. */
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly sourceIp: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string | undefined;
  /** What the gateway's authorizer returned, when there is one. */
  readonly authorizer: unknown;
  /** The `context` of the gateway's specification, when there is one. */
  readonly operationContext: unknown;
  /** The event as it was delivered. */
  readonly raw: unknown;
}

/** A handshake. Whatever is answered decides whether the client is let in. */
export interface ConnectEvent extends SocketEvent {
  readonly kind: 'connect';
  /** Query parameters; of several equal names, the last. They are not repeated in later events. */
  readonly query: Readonly<Record<string, string>>;
  /** The subprotocols that the client offers, in its order. */
  readonly subprotocols: readonly string[];
}

/** A frame, or the frames of one message, from a client. */
export interface MessageEvent extends SocketEvent {
  readonly kind: 'message';
  /** Unique; the lexicographic order of ids is the order in time. */
  readonly messageId: string | undefined;
  /** A text frame is a string, a binary frame bytes. */
  readonly body: string | Uint8Array;
}

/** A connection that is gone. Not guaranteed to come (documented), and the answer is ignored. */
export interface DisconnectEvent extends SocketEvent {
  readonly kind: 'disconnect';
  /** Close code of RFC 6455, section 7.4. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
}

/** An event that has nothing to do with a websocket. `type` is a guess from its shape, for apps that route by it. */
export interface OtherEvent {
  readonly kind: 'other';
  readonly type: 'http' | 'queue' | 'timer' | 'unknown';
  readonly raw: unknown;
}

/** What happens to a connection. */
export type WebSocketEvent = ConnectEvent | MessageEvent | DisconnectEvent;
/** Whatever a function can be called with; `kind` tells them apart. */
export type GatewayEvent = WebSocketEvent | OtherEvent;
