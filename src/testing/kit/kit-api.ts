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

/** An HTTP request to the function, beside its connections. */
export interface KitRequest {
  /** @default 'GET' */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The function gets it as base64, except for the content type `application/json`, exactly. @default '' */
  readonly body?: string | Uint8Array | undefined;
  /**
   * The path as the gateway's specification has it, such as `/hooks/{id}`. Default: the path of the request.
   */
  readonly template?: string | undefined;
  /**
   * `payload_format_version` of the specification. The default is that of `yc-broadcast spec`. @default '1.0'
   */
  readonly payloadFormat?: '0.1' | '1.0' | '2.0' | undefined;
}

/** What the function answered to an HTTP request. Names of headers are in lower case. */
export interface KitAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A gateway in memory and its clients, around the code under test. */
export interface TestKit<K extends Contract = Contract> {
  /**
   * Connects a client. Rejects with an `AssertionError` that holds status and body when the handshake is
   * refused.
   */
  connect(path?: string, options?: TestConnectOptions): Promise<TestConnection<K>>;
  /** A handshake that the handler refuses with this status. Resolves with the answer. */
  expectRefused(status: number, path?: string, options?: TestConnectOptions): Promise<KitRefusal>;
  /**
   * Sends an HTTP request, with its query in the path: `/publish?room=news`. Resolves with the function's
   * answer, and rejects when the function throws, which the cloud answers with 502.
   */
  request(path: string, request?: KitRequest): Promise<KitAnswer>;
  /**
   * Calls the function as triggers do. Both reject when the function throws: the cloud would call it again,
   * or lose the event.
   */
  readonly trigger: {
    /** A timer, with the payload that the trigger is set up with. */
    timer(payload?: string): Promise<void>;
    /** A batch of messages from a queue of Message Queue: also the jobs that `queueFanout` has put on one. */
    queue(bodies: readonly string[]): Promise<void>;
  };
  /** As `transport` of {@link KitWorld}, for code outside of the app. */
  readonly transport: Transport;
  /** Another transport to the same connections, for code that closes its own. */
  openTransport(): Transport;
  /** Makes sends go wrong: stale, 429, 503, slow, without an answer. */
  readonly faults: KitFaults;
  readonly clock: {
    now(): number;
    /**
     * Moves on by milliseconds or a text such as `'9m59s'`, closing what falls due, and waits until all is
     * quiet.
     */
    advance(duration: number | string): Promise<void>;
  };
  /**
   * Resolves when no handler and no send is at work. What a handler did not await may still be, as in the
   * cloud.
   */
  idle(): Promise<void>;
  /** Ids of the open connections. */
  connections(): readonly string[];
  /** From now on the gateway is gone: sends end with `GATEWAY_UNAVAILABLE`. */
  shutDown(): void;
}
