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

interface EventBeside {
  readonly kind: 'other';
  /** The event as it was delivered. */
  readonly raw: unknown;
}

/** An HTTP request, in any payload format of the gateway or of the function's own address. */
export interface HttpEvent extends EventBeside {
  readonly type: 'http';
  /** In capitals, as HTTP has it. */
  readonly method: string;
  /** Without the query. Of a request to the function's own address, `/` at most. */
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** Query parameters; of several equal names, the last. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: HeaderLookup;
  /** As text in UTF-8; empty when there is none. */
  readonly body: string;
  /** The same, for what is no text. */
  readonly bytes: Uint8Array;
  readonly sourceIp: string | undefined;
  readonly requestId: string | undefined;
}

/** A timer of yours that has run down. */
export interface TimerEvent extends EventBeside {
  readonly type: 'timer';
  readonly triggerId: string | undefined;
  /** What the trigger was given to say; empty when it was given nothing. */
  readonly payload: string;
}

/** Messages of a queue. */
export interface QueueEvent extends EventBeside {
  readonly type: 'queue';
  readonly messages: readonly QueueEventMessage[];
}

/** One of them; its attributes are in `raw` only. */
export interface QueueEventMessage {
  readonly id: string | undefined;
  /** The queue's ARN. */
  readonly queueId: string | undefined;
  readonly body: string;
}

/** Something else; `raw` is all that is known. */
export interface UnknownEvent extends EventBeside {
  readonly type: 'unknown';
}

/**
 * An event that has nothing to do with a websocket. `type` is a guess from its shape, and tells its kinds
 * apart.
 */
export type OtherEvent = HttpEvent | TimerEvent | QueueEvent | UnknownEvent;

/** What happens to a connection. */
export type WebSocketEvent = ConnectEvent | MessageEvent | DisconnectEvent;
/** Whatever a function can be called with; `kind` tells them apart. */
export type GatewayEvent = WebSocketEvent | OtherEvent;
