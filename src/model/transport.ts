import type { InvocationAware } from '../base/invocation.js';

/** Text travels as a text frame, bytes as a binary frame. */
export type Payload = string | Uint8Array;

/**
 * A payload in the form that a transport puts on the wire. Made once per broadcast by
 * {@link Transport.encode} and given back to the same transport for every recipient; only that transport
 * looks inside `wire`.
 */
export interface EncodedPayload {
  /** Size of the payload itself, in bytes, before any encoding of the transport. */
  readonly bytes: number;
  readonly wire: unknown;
}

/** What bounds one attempt. */
export interface AttemptOptions {
  /** The attempt ends with `NO_ANSWER` or `GATEWAY_UNAVAILABLE` after this time, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the attempt with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The broadcast that a send belongs to; set only while a local gateway watches. A transport that can puts
   * it into the header `x-yc-broadcast-id`, percent-encoded, so that the gateway can compare sockets with
   * reports.
   */
  readonly broadcastId?: string | undefined;
}

/** What the gateway tells of a connection. Times are Unix milliseconds. */
export interface ConnectionInfo {
  readonly id: string;
  readonly gatewayId: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly connectedAt: number;
  readonly lastActiveAt: number;
}

/**
 * One attempt to reach one connection. Never retries: that is the broadcast's business.
 *
 * Rejects with a {@link BroadcastError} and nothing else, its code chosen by the status of the answer:
 * `CONNECTION_STALE` only when the gateway said that it does not know the connection, `GATEWAY_UNAVAILABLE`
 * when the request cannot have left or the gateway said that it is in trouble, `NO_ANSWER` when the request
 * left and nothing is known of it. An error with `isUnreachable` says that there was no connection at all;
 * after a few of these in a row a broadcast ends early. Calls may overlap without limit.
 */
export interface Transport extends InvocationAware {
  readonly name: string;
  /** Largest payload, in bytes. */
  readonly maxPayloadBytes: number;
  /**
   * Throws `PAYLOAD_TOO_LARGE` above {@link maxPayloadBytes} and `INVALID_OPTIONS` for an empty payload,
   * which the gateway refuses.
   */
  encode(payload: Payload): EncodedPayload;
  /** Resolves when the gateway accepted the message. */
  send(connectionId: string, payload: EncodedPayload, options: AttemptOptions): Promise<void>;
  get(connectionId: string, options: AttemptOptions): Promise<ConnectionInfo>;
  /** Closes the connection. The platform offers no way to pass a close code or a reason. */
  disconnect(connectionId: string, options: AttemptOptions): Promise<void>;
  /** Closes sockets; further calls reject. May be called twice. */
  close(): Promise<void>;
}
