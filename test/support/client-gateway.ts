/**
 * Real clients behind a local gateway: real sockets, server and store; only the clients' time is moved by
 * hand.
 */
import { connect, type Client, type ConnectOptions, type ClientStateChange } from 'yc-broadcast/client';
import { createApp, defineContract } from 'yc-broadcast';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { until } from './until.js';

export const counting = defineContract({
  client: { say: z.object({ n: z.int() }), echo: { data: z.string(), reply: z.string() } },
  server: { said: z.object({ n: z.int() }) },
});

/**
 * So that a test gets to the end of a connection without idling: the gateway's hour and its pings are tested
 * elsewhere.
 */
const LIFETIME_MS = 5 * 60_000;

export interface ClientGateway {
  readonly emulator: Emulator;
  readonly clock: FakeClock;
  open(options?: Partial<ConnectOptions<typeof counting>>): GatewayClient;
  /** Moves the clients' time on, step by step, until a condition holds; see `until`. */
  until(condition: () => boolean, patienceMs?: number): Promise<void>;
  /**
   * Says one number after the other until it is stopped, the next one when the last one was handled. Its own
   * connection is left alone.
   */
  speak(): Promise<{ stop(): Promise<number> }>;
  /** Closes a connection, as the management API does. */
  disconnect(connectionId: string): Promise<void>;
  /** Stands between gateway and app: what it returns is the answer, unless that is `undefined`. */
  intercept: (eventType: string, event: RawEvent) => unknown;
  stop(): Promise<void>;
}

/** As much of what the gateway delivers as tests look at. */
export interface RawEvent {
  readonly requestContext: { readonly eventType: string; readonly connectionId: string };
  readonly queryStringParameters?: Readonly<Record<string, string>>;
}

export interface GatewayClient {
  readonly client: Client<typeof counting>;
  readonly states: ClientStateChange[];
  /** Connections that were welcomed. */
  readonly welcomes: { readonly isReplacement: boolean }[];
  /** Sockets that were opened, welcomed or not; the newest last. */
  readonly sockets: readonly WebSocket[];
  /** The gateway's id of the newest connection. */
  readonly connectionId: () => string;
}

/** Long enough for a step over the network, short for the client's patience. */
const STEP_MS = 50;

/** A breath between two numbers, so that the machine has time for others. */
const BREATH_MS = 5;

export interface ClientGatewayOptions {
  readonly lifetimeMs?: number;
  /** Pages to serve. */
  readonly static?: string;
}

export async function startClientGateway({
  lifetimeMs = LIFETIME_MS,
  ...served
}: ClientGatewayOptions = {}): Promise<ClientGateway> {
  const clock = createFakeClock();
  const opened: { readonly client: Client<typeof counting>; readonly sockets: readonly WebSocket[] }[] = [];
  const access = { endpoint: '' };
  const transport = restTransport({ endpoint: () => access.endpoint });
  const app = createApp({
    contract: counting,
    store: memoryStore(),
    transport,
    origins: 'any',
    rooms: { join: true, history: { maxEntries: 10_000, maxAgeMs: 3_600_000 } },
    lifetimeMs,
    broadcast: { timeoutMs: 60_000 },
  });
  app.on('say', async ({ data, to }) => {
    await to('lobby').send('said', data);
  });
  app.on('echo', ({ data }) => data);
  const emulator = await startEmulator({
    routes: {
      '/ws': (event: never, context: never) =>
        gateway.intercept(eventTypeOf(event), event) ?? app.handler(event, context),
    },
    timeoutMs: 60_000,
    ...served,
  });
  access.endpoint = emulator.endpoint;

  const gateway: ClientGateway = {
    emulator,
    clock,
    open(options = {}) {
      const sockets: WebSocket[] = [];
      let connectionId = '';
      const client = connect<typeof counting>({
        url: emulator.wsUrl('/ws'),
        clock,
        WebSocket: class extends WebSocket {
          constructor(url: string, protocols: string[]) {
            super(url, protocols);
            sockets.push(this);
            this.on('upgrade', ({ headers }) => {
              connectionId = String(headers['x-yc-apigateway-websocket-connection-id']);
            });
          }
        },
        ...options,
      });
      opened.push({ client, sockets });
      const states: ClientStateChange[] = [];
      const welcomes: { readonly isReplacement: boolean }[] = [];
      client.onState((change) => states.push(change));
      client.onConnection((connection) => welcomes.push(connection));
      return { client, states, welcomes, sockets, connectionId: () => connectionId };
    },
    until: (condition, patienceMs) =>
      until(condition, {
        patienceMs,
        async step() {
          await new Promise((resolve) => setTimeout(resolve, 1));
          await clock.advance(STEP_MS);
        },
      }),
    async speak() {
      const { client } = gateway.open({ clock: undefined });
      await gateway.until(() => client.state === 'open');
      const stopped = new AbortController();
      let isDone = false;
      let last = 0;
      void (async () => {
        while (!stopped.signal.aborted) {
          await client.request('say', { n: ++last }, { timeoutMs: 3_600_000 });
          await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
        }
        isDone = true;
      })();
      return {
        async stop() {
          stopped.abort();
          await gateway.until(() => isDone);
          return last;
        },
      };
    },
    disconnect: (connectionId) => transport.disconnect(connectionId, { timeoutMs: 60_000 }),
    intercept: () => undefined,
    async stop() {
      for (const { client, sockets } of opened) {
        client.close();
        for (const socket of sockets) socket.terminate();
      }
      await emulator.stop();
      await transport.close();
    },
  };
  return gateway;
}

function eventTypeOf({ requestContext }: RawEvent): string {
  return requestContext.eventType;
}
