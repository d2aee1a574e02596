/**
 * What a probe has in its hands: clients on one side, and on the other what the probe function says that it
 * saw.
 */
import type { Sighting } from './probe/sighting.js';
import type { ManagementClient } from './wire/management.js';
import type { RawSocket } from './wire/raw-socket.js';
import type { RawAnswer } from './wire/http.js';
import type { ConnectDirective, ProbeCommand } from './probe/command.js';

/** The paths of the probe's gateway; see `spec.ts`. */
export type ProbePath = 'probe' | 'guarded' | 'shared' | 'plain' | 'connect-only' | 'message-only' | 'live';

export interface OpenOptions {
  /** @default 'probe' */
  readonly path?: ProbePath | undefined;
  /** What the function does with the connect event. */
  readonly connect?: ConnectDirective | undefined;
  /** What else the handshake says. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /**
   * The client gives up after so many milliseconds: ends TCP in good order, whether it was answered or not.
   */
  readonly abandonAfterMs?: number | undefined;
}

export interface Bench {
  /** Longest time of a call of the probe function, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * How long a probe listens before it says that nothing came, where that is to be expected, in milliseconds.
   */
  readonly quietMs: number;
  /** How long a probe waits for what is to be expected, in milliseconds. */
  readonly answerMs: number;
  /** Opens a raw socket. Resolves when the handshake is refused, too: see `status`. */
  open(options?: OpenOptions): Promise<RawSocket>;
  /** The text of a command, for a message or the body of a request. */
  text(command: ProbeCommand): string;
  /** Calls the function with a command over HTTP, on instances that take several calls at a time. */
  call(command: ProbeCommand): Promise<RawAnswer>;
  /** What the function said that it saw, the oldest first. */
  sightings(isWanted: (sighting: Sighting) => boolean): readonly Sighting[];
  /** Waits for the first of them; `undefined` when none comes in time. */
  sighting(isWanted: (sighting: Sighting) => boolean, waitMs?: number): Promise<Sighting | undefined>;
  readonly rest: ManagementClient;
  readonly grpc: ManagementClient;
  /**
   * Puts a message on a queue: one that a function reads, or one that goes to the sockets of the path `live`.
   */
  publish(queue: 'work' | 'live', body: string): Promise<void>;
  /** Of a connection of another gateway. Rejects with {@link NotProbed} when there is none. */
  foreignId(): Promise<string>;
  /** Lets time pass: really in the cloud, on the clock of a local gateway. */
  pass(ms: number): Promise<void>;
  /** A real pause, for what no clock of ours decides. */
  pause(ms: number): Promise<void>;
}
