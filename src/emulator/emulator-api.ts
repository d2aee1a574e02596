import type { StoreAccess } from './document-store/access.js';
import type { Faults } from './faults/table.js';
import type { Instances } from './instances/controls.js';
import type { TlsAccess } from './listening/listen.js';
import type { RedirectAccess } from './redirect/redirect.js';
import type { TestClientOptions, TestClient } from './test-clients/test-client.js';
import type { LocalQueue } from './queue/access.js';
import type { TriggerSummary } from './queue/triggers.js';
import type { TimelineQuery } from './timeline/query.js';
import type { TimelineEntry } from './timeline/timeline.js';

/** A gateway that runs in this process, on 127.0.0.1. */
export interface Emulator {
  readonly port: number;
  /** `http://127.0.0.1:<port>`: pages, and the endpoint of the management API for transports. */
  readonly url: string;
  readonly endpoint: string;
  /** The WebSocket paths, parameters in braces; the most specific first. */
  readonly paths: readonly string[];
  /** The port with TLS, when `tls` asked for one. */
  readonly tls: TlsAccess | undefined;
  /** How other programs reach this gateway at the cloud's own addresses, when `redirect` asked for it. */
  readonly redirect: RedirectAccess | undefined;
  /** `ws://127.0.0.1:<port>` and a path. */
  wsUrl(path: string): string;
  /** Opens a real socket. Resolves also when the handshake is refused: see `handshake.status`. */
  connect(path: string, options?: TestClientOptions): Promise<TestClient>;
  readonly clock: {
    now(): number;
    /**
     * Moves the manual clock on, by milliseconds or a text such as `'9m59s'`, and waits until all is quiet.
     */
    advance(duration: number | string): Promise<void>;
  };
  /**
   * Resolves when no call is under way and no frame of a test client is on its way, or when it is stopped.
   * With a manual clock also when a fault holds something up and nothing more will happen until the clock is
   * moved.
   */
  idle(): Promise<void>;
  /** Makes things go wrong on purpose. */
  readonly faults: Faults;
  /** The instances of functions that were given by their files. */
  readonly instances: Instances;
  /**
   * Waits until all is quiet. Rejects if a call on an instance has returned before what it had begun was
   * finished: in the cloud that would stand still, or be lost. Says which; rejects too when no function runs
   * in instances.
   */
  assertNoUnawaited(): Promise<void>;
  /**
   * What has happened, the oldest first; of the last 10,000 entries those that the query asks for. A text is
   * a filter as the inspector has it: `type:send status:>=400`. Throws `INVALID_OPTIONS` that names the
   * mistake.
   */
  timeline(query?: TimelineQuery | string): readonly TimelineEntry[];
  /** Options for `ydbStore` that lead to the shared store, when `store` asked for one. */
  readonly store: StoreAccess | undefined;
  /**
   * A queue: `access` has options for `messageQueue`; and what is in it. Throws `INVALID_OPTIONS` when there
   * is none of this name.
   */
  queue(name: string): LocalQueue;
  /** All queues, those that clients have made as well. */
  queues(): readonly LocalQueue[];
  /** What reads which queue. */
  readonly triggers: readonly TriggerSummary[];
  /** The page that shows what happens here and lets people drive it. */
  readonly inspector: InspectorAccess;
  /** The plain HTTP paths of the specification with their methods: `GET /login`. */
  readonly httpPaths: readonly string[];
  /** What the specification asks for and this gateway does not do, one sentence each. */
  readonly warnings: readonly string[];
  /** Ids of the open connections. */
  connections(): readonly string[];
  /** Closes everything. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How to reach the inspector. Whoever knows the token can drive the gateway, so keep it private. */
export interface InspectorAccess {
  /** Opens the page in a browser; the token is in its fragment, which browsers send to nobody. */
  readonly url: string;
  /** For requests of the JSON API behind `/_yc-broadcast/api/`, in the header `X-Yc-Broadcast-Token`. */
  readonly token: string;
}
