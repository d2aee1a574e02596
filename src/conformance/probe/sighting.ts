/**
 * What the function says that it saw: as a reply, or to the observer. Never an id of the cloud but those of
 * connections.
 */

export interface Sighting {
  /** `reply` is the answer to a command, the others are kinds of events. */
  readonly event: 'reply' | 'CONNECT' | 'MESSAGE' | 'DISCONNECT' | 'AUTHORIZE' | 'TRIGGER' | 'SEND';
  readonly tag?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly messageId?: string | undefined;
  /** Made up by the instance when it started. */
  readonly instance: string;
  /** By the function's clock, in Unix milliseconds. */
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  /** Of a disconnect event. */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
  /** Of a send that the function made, HTTP. */
  readonly status?: number | undefined;
  /** Of the ticks, in milliseconds since the call returned. */
  readonly ticks?: readonly number[] | undefined;
  /** Which fields the event has. */
  readonly shape?: EventShape | undefined;
  /**
   * Of a trigger's first message, in milliseconds before the call: when it was first received from the queue.
   */
  readonly receivedBeforeMs?: number | undefined;
}

export interface EventShape {
  readonly version?: string | undefined;
  readonly fields: readonly string[];
  readonly hasObserver: boolean;
  readonly hasQuery: boolean;
  readonly hasAuthorizer: boolean;
  readonly hasHandshakeHeader: boolean;
}
