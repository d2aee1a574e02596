import type { JsonValue } from '../base/protocol.js';

/** Facts about a connection that the application keeps with it, for example a display name or a locale. */
export type Attributes = Readonly<Record<string, JsonValue>>;

/** What is known of one socket, as the store keeps it. */
export interface StoredConnection {
  /** The gateway's id, at most 50 characters. Never sent to another client. */
  readonly id: string;
  /** Who it is, settled at connect. Several connections may belong to one user. */
  readonly user?: string | undefined;
  readonly attributes: Attributes;
  /** When the gateway accepted it, in Unix milliseconds. */
  readonly connectedAt: number;
  /** From this instant on the store treats it as absent, in Unix milliseconds. */
  readonly expiresAt: number;
}
