import type { Fault } from '../emulator/faults/fault.js';
import type { Transport } from '../model/transport.js';

/** How the transport contract reaches a transport and the gateway behind it. */
export interface TransportBackend {
  /**
   * A gateway of its own for one case; {@link TransportWorld.close} is called in the end, whatever happened.
   */
  open(): Promise<TransportWorld>;
  /**
   * What there is not: a real gateway cannot be made to misbehave (`faults`), some clients do not tell how
   * long the gateway asked to wait (`retryAfter`), and what stays in memory asks for no token (`tokens`). The
   * cases that need it are skipped.
   */
  readonly lacks?: readonly TransportFeature[] | undefined;
}

/** What a gateway under test may be unable to do; the rules that need it are skipped then. */
export type TransportFeature = 'faults' | 'retryAfter' | 'tokens';

/** A gateway for one rule of the contract, and transports to it. */
export interface TransportWorld {
  /** A new transport, with the right token or with another one. */
  transport(token?: string): Transport;
  /** Opens a socket at the gateway. */
  connect(): Promise<ContractSocket>;
  /** Makes sends go wrong. */
  fault(fault: Fault): void;
  /** The gateway goes away. A feature of `faults`. */
  shutDown(): Promise<void>;
  /** Closes whatever is open. */
  close(): Promise<void>;
}

/** A client's end of a connection. */
export interface ContractSocket {
  /** The connection's id. */
  readonly id: string;
  /** The next frame: text as a string, binary as bytes. Rejects when none comes in time. */
  next(): Promise<string | Uint8Array>;
  /** Frames that have arrived and were not asked for. */
  pending(): readonly unknown[];
  /** Closes the socket; resolves when the gateway knows of it. */
  leave(): Promise<void>;
  /** Resolves when the socket has closed, whoever closed it. */
  readonly closed: Promise<unknown>;
}
