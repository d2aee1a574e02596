import type { JsonValue } from '../base/protocol.js';

/** Facts about a connection that the application keeps with it, for example a display name or a locale. */
export type Attributes = Readonly<Record<string, JsonValue>>;

/** Who a connection is, settled at connect and stored; later messages are not asked to repeat it. */
export interface Identity {
  readonly user?: string | undefined;
  readonly attributes?: Attributes | undefined;
  /**
   * When the proof of identity expires, in Unix milliseconds: from then on the connection counts as absent. A
   * time that has passed refuses the handshake with 401.
   */
  readonly expiresAt?: number | undefined;
}

/** The user of connections that are `I`: always there if `I` always has one. */
export type UserOf<I extends Identity> = I extends { readonly user: infer U extends string }
  ? U
  : string | undefined;

/** The attributes of connections that are `I`, if it always has some. */
export type AttributesOf<I extends Identity> = I extends { readonly attributes: infer A extends Attributes }
  ? A
  : Attributes;

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

/** A connection whose user and attributes are what `authenticate` makes them. */
export type IdentifiedConnection<I extends Identity = Identity> = Identity extends I
  ? StoredConnection
  : StoredConnection & { readonly user: UserOf<I>; readonly attributes: AttributesOf<I> };
