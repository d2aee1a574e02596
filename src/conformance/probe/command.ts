/**
 * What the probe function is told to do, in the body of a message or of a request, or for a trigger in that
 * of a message.
 */

export type ProbeCommand =
  | {
      readonly do: 'reply';
      /** A text, too: what becomes of it is one of the questions. @default 200 */
      readonly status?: number | string | undefined;
      /** `null` leaves the header out. @default 'application/json' */
      readonly type?: string | null | undefined;
      /** The name that the header is given. @default 'Content-Type' */
      readonly typeHeader?: string | undefined;
      /** Says the type in `multiValueHeaders` instead. */
      readonly multiValue?: boolean | undefined;
      /** `null` leaves the field out. Default: a JSON text. */
      readonly body?: string | null | undefined;
      /** A body of so many bytes instead. */
      readonly bytes?: number | undefined;
    }
  /** What is returned is no response. */
  | { readonly do: 'malformed' }
  | { readonly do: 'throw' }
  /** Tells the observer first, if `report` says so. */
  | { readonly do: 'sleep'; readonly ms: number; readonly report?: boolean | undefined }
  /** Begins to tick every 50 ms, without waiting for it. */
  | { readonly do: 'tick' }
  /** Says how it ticked. */
  | { readonly do: 'ticks' }
  /** Replies with the shape of the event. */
  | { readonly do: 'event' };

/** What becomes of a connect event. */
export interface ConnectDirective {
  readonly status?: number | undefined;
  readonly body?: string | undefined;
  readonly throws?: boolean | undefined;
  readonly subprotocol?: string | undefined;
  /** Sends to the connection that is being made. */
  readonly sends?: boolean | undefined;
  /** Takes so long, in milliseconds. */
  readonly sleepMs?: number | undefined;
  /** Tells the observer when it begins. */
  readonly report?: boolean | undefined;
}

/** A command as it travels. Without the right key the function does nothing: its address is public. */
export interface ProbeEnvelope {
  readonly key: string;
  /** Where sightings go: a connection of the runner. */
  readonly observer: string;
  readonly tag: string;
  readonly command: ProbeCommand;
}
