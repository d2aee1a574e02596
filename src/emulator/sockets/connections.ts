import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.js';
import type { Handshake } from '../events/event-builder.js';

/** Who closed a connection, and how the DISCONNECT event will tell it. */
export interface CloseCause {
  readonly code: number;
  readonly reason: string;
  readonly by: 'client' | 'gateway' | 'api' | 'inspector' | 'fault';
}

/** A message as `ws` hands it on. */
export type RawFrame = Buffer | ArrayBuffer | readonly Buffer[];

/** As much of a socket of `ws` as is used. Users of this package need not have the types of `ws`. */
export interface ServerSocket {
  /** The subprotocol that was agreed on; empty when there is none. */
  readonly protocol: string;
  send(data: Buffer, options: { readonly binary: boolean }, onWritten: (error?: Error | null) => void): void;
  close(code?: number): void;
  terminate(): void;
  /** Reads nothing more from the client until `resume()`. */
  pause(): void;
  resume(): void;
  once(event: 'close', listener: () => void): unknown;
  on(event: 'message', listener: (data: RawFrame, isBinary: boolean) => void): unknown;
  on(event: 'ping' | 'error', listener: () => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  emit(event: 'message', data: Buffer, isBinary: boolean): boolean;
}

/** One open socket. */
export interface OpenConnection {
  readonly id: string;
  readonly handshake: Handshake;
  readonly socket: ServerSocket;
  /** What the socket's bytes travel through. */
  readonly raw: Duplex;
  lastActiveAt: number;
  /** Messages taken from the client, and frames given to it. */
  received: number;
  sent: number;
  /** Set as soon as somebody other than the client decided to close it. */
  closing: CloseCause | undefined;
}

export interface ConnectionLimits {
  readonly lifetimeMs: number;
  readonly idleMs: number;
}

/** The gateway's table of open sockets. A connection that is being closed is no longer in it. */
export interface SocketConnections {
  add(connection: OpenConnection): void;
  get(id: string): OpenConnection | undefined;
  delete(id: string): void;
  all(): Iterable<OpenConnection>;
  readonly size: number;
  stop(): void;
}

/**
 * Connections that fall due soon after others wait for this time, so that all of them are looked at together.
 */
const ROUND_MS = 100;

/**
 * Watches life and idleness of all connections with one timer.
 *
 * @param onDue Called for a connection that has lived, or been silent, too long.
 */
export function createConnections(
  clock: Clock,
  { lifetimeMs, idleMs }: ConnectionLimits,
  onDue: (connection: OpenConnection, limit: 'lifetime' | 'idle') => void,
): SocketConnections {
  const table = new Map<string, OpenConnection>();
  let cancelCheck: (() => void) | undefined;
  let lastCheckAt = -Infinity;

  function dueAt({ handshake, lastActiveAt }: OpenConnection): number {
    return Math.min(handshake.connectedAt + lifetimeMs, lastActiveAt + idleMs);
  }

  function check(): void {
    cancelCheck = undefined;
    const now = clock.now();
    lastCheckAt = now;
    for (const connection of [...table.values()]) {
      if (dueAt(connection) > now) continue;
      onDue(connection, connection.handshake.connectedAt + lifetimeMs <= now ? 'lifetime' : 'idle');
    }
    schedule();
  }

  function schedule(): void {
    if (cancelCheck !== undefined || table.size === 0) return;
    let earliest = Infinity;
    for (const connection of table.values()) earliest = Math.min(earliest, dueAt(connection));
    cancelCheck = clock.at(Math.max(earliest, lastCheckAt + ROUND_MS), check);
  }

  return {
    add(connection) {
      table.set(connection.id, connection);
      // A new connection never falls due before those that are watched already.
      schedule();
    },
    get: (id) => table.get(id),
    delete: (id) => void table.delete(id),
    all: () => table.values(),
    get size() {
      return table.size;
    },
    stop() {
      cancelCheck?.();
    },
  };
}
