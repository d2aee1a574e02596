import type { Contract } from '../../model/contract.js';
import type { Transport } from '../../model/transport.js';
import type { KitFaults } from './kit-faults.js';
import type { KitRefusal } from './kit-gateway.js';
import type { TestConnection } from './test-connection.js';

/** What code under test is given. */
export interface KitWorld {
  /** Reaches the kit's connections. Hand it to `createApp` or `createBroadcaster`. */
  readonly transport: Transport;
  /** The kit's clock, in Unix milliseconds, for stores that take one. */
  readonly now: () => number;
}

/** What a test kit is like, beside the app in it. */
export interface TestKitOptions {
  /** WebSocket paths, parameters in braces, as in the gateway's specification. @default ['/ws'] */
  readonly paths?: readonly string[] | undefined;
  /** Longest time of a function call, in milliseconds of the kit's clock. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** `context.token`. @default 't1.test-kit' */
  readonly token?: string | undefined;
  /** How long expectations wait for handlers that are at work, in real milliseconds. @default 4000 */
  readonly patienceMs?: number | undefined;
}

/** What a test's client brings to its handshake. */
export interface TestConnectOptions {
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Of the handshake: `Origin`, `Cookie`, `Authorization` and so on. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly subprotocols?: readonly string[] | undefined;
}

/** A gateway in memory and its clients, around the code under test. */
export interface TestKit<K extends Contract = Contract> {
  /** Connects a client. Rejects with an `AssertionError` that holds status and body when the handshake is refused. */
  connect(path?: string, options?: TestConnectOptions): Promise<TestConnection<K>>;
  /** A handshake that the handler refuses with this status. Resolves with the answer. */
  expectRefused(status: number, path?: string, options?: TestConnectOptions): Promise<KitRefusal>;
  /** As `transport` of {@link KitWorld}, for code outside of the app. */
  readonly transport: Transport;
  /** Another transport to the same connections, for code that closes its own. */
  openTransport(): Transport;
  /** Makes sends go wrong: stale, 429, 503, slow, without an answer. */
  readonly faults: KitFaults;
  readonly clock: {
    now(): number;
    /** Moves on by milliseconds or a text such as `'9m59s'`, closing what falls due, and waits until all is quiet. */
    advance(duration: number | string): Promise<void>;
  };
  /** Resolves when no handler and no send is at work. What a handler did not await may still be, as in the cloud. */
  idle(): Promise<void>;
  /** Ids of the open connections. */
  connections(): readonly string[];
  /** From now on the gateway is gone: sends end with `GATEWAY_UNAVAILABLE`. */
  shutDown(): void;
}
