import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BroadcastError } from '../errors.js';
import { createManualClock, parseDuration, systemClock, type ManualClock } from './clock.js';
import { newFunctionIdentity } from './function-context.js';
import { chooseRoutes } from './choose-routes.js';
import { createGateway, type Gateway } from './gateway.js';
import { newResourceId } from './ids.js';
import { createInProcessInvoker, type FunctionHandler, type Invoker } from './invoker.js';
import { createManagement, type Management } from './management.js';
import { parseEmulatorOptions, type EmulatorOptions } from './options.js';
import type { Route } from './routes.js';
import { serveFile } from './static-files.js';
import { connectTestClient, type ConnectOptions, type TestClient } from './test-client.js';
import { createTimeline, type TimelineEntry } from './timeline.js';

/** A gateway that runs in this process, on 127.0.0.1. */
export interface Emulator {
  readonly port: number;
  /** `http://127.0.0.1:<port>`: pages, and the endpoint of the management API for transports. */
  readonly url: string;
  readonly endpoint: string;
  /** The WebSocket paths, parameters in braces; the most specific first. */
  readonly paths: readonly string[];
  /** `ws://127.0.0.1:<port>` and a path. */
  wsUrl(path: string): string;
  /** Opens a real socket. Resolves also when the handshake is refused: see `handshake.status`. */
  connect(path: string, options?: ConnectOptions): Promise<TestClient>;
  readonly clock: {
    now(): number;
    /** Moves the manual clock on, by milliseconds or a text such as `'9m59s'`, and waits until all is quiet. */
    advance(duration: number | string): Promise<void>;
  };
  /** Resolves when no call is under way and no frame of a test client is on its way, or when it is stopped. */
  idle(): Promise<void>;
  timeline(): readonly TimelineEntry[];
  /** What the specification asks for and this gateway does not do, one sentence each. */
  readonly warnings: readonly string[];
  /** Ids of the open connections. */
  connections(): readonly string[];
  /** Closes everything. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a local gateway. It talks to functions and answers transports as the cloud does, over the wire, and refuses
 * what the cloud refuses. Nothing is global: any number can run at once.
 *
 * Rejects with `INVALID_OPTIONS` that names the option, or that the port is taken.
 */
export async function startEmulator(given: EmulatorOptions): Promise<Emulator> {
  const options = parseEmulatorOptions(given);
  const manualClock = options.clock === 'manual' ? createManualClock() : undefined;
  const clock = manualClock ?? systemClock;
  const timeline = createTimeline(clock.now, options.onTimeline);
  const token = options.serviceAccount ? (options.token ?? `t1.local.${newResourceId('')}`) : undefined;
  const identity = newFunctionIdentity(options.memoryMb, token);
  const gatewayId = newResourceId('d5d');
  const invokerOf = (handler: FunctionHandler): Invoker =>
    createInProcessInvoker({ handler, identity, timeoutMs: options.timeoutMs, clock });
  const { routes, warnings } = await chooseRoutes(options, invokerOf);
  const gateway = createGateway({ routes, clock, limits: options.limits, timeline, gatewayId });
  const management = createManagement({ gateway, timeline, clock, gatewayId, token: options.token });
  const server = createServer((request, response) => {
    if (!management.handle(request, response)) void serve(routes, options.static, request, response);
  });
  server.on('upgrade', gateway.upgrade);
  const port = await listen(server, options.port);
  return controls({
    server,
    port,
    gateway,
    management,
    manualClock,
    now: clock.now,
    entries: timeline.entries,
    warnings,
    paths: routes.map(({ pattern }) => pattern.template),
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem =
        error.code === 'EADDRINUSE' ? `port: ${port} is taken; choose another` : `port: ${error.message}`;
      reject(new BroadcastError('INVALID_OPTIONS', problem, { cause: error }));
    });
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Plain HTTP: a file, or an answer that helps somebody who got the path wrong. */
async function serve(
  routes: readonly Route[],
  root: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://gateway').pathname;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && root !== undefined && (await serveFile(root, path, response))) return;
  const known = routes.map(({ pattern }) => pattern.template).join(', ');
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`Nothing at ${path}. WebSocket paths: ${known}\n`);
}

interface ControlParts {
  readonly server: Server;
  readonly port: number;
  readonly gateway: Gateway;
  readonly management: Management;
  readonly manualClock: ManualClock | undefined;
  readonly now: () => number;
  readonly entries: () => readonly TimelineEntry[];
  readonly warnings: readonly string[];
  readonly paths: readonly string[];
}

function controls(parts: ControlParts): Emulator {
  const { server, port, gateway, management, manualClock, now, entries, warnings, paths } = parts;
  const clients = new Set<{ readonly client: TestClient; readonly id: string; sent: number }>();
  const url = `http://127.0.0.1:${port}`;
  let stopped: Promise<void> | undefined;

  /** Whether frames are between a test client and the gateway, in either direction. */
  function isQuiet(): boolean {
    if (gateway.underWay() + management.underWay() > 0) return false;
    for (const { client, id, sent } of clients) {
      const connection = gateway.connections.get(id);
      if (connection !== undefined && (connection.received < sent || client.received() < connection.sent))
        return false;
    }
    return true;
  }

  /** Quiet once may be the moment between two steps, so it has to be quiet for a few turns of the event loop. */
  async function idle(): Promise<void> {
    for (let quietTurns = 0; quietTurns < 5 && stopped === undefined;) {
      await new Promise((resolve) => setImmediate(resolve));
      quietTurns = isQuiet() ? quietTurns + 1 : 0;
    }
  }

  async function connect(path: string, options: ConnectOptions = {}): Promise<TestClient> {
    const client = await connectTestClient(`ws://127.0.0.1:${port}${path}`, options);
    const entry = { client, id: client.id, sent: 0 };
    clients.add(entry);
    void client.closed.then(() => clients.delete(entry));
    return {
      ...client,
      subprotocol: client.subprotocol,
      send(message) {
        entry.sent++;
        client.send(message);
      },
    };
  }

  async function stop(): Promise<void> {
    await gateway.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  return {
    port,
    url,
    endpoint: url,
    wsUrl: (path) => `ws://127.0.0.1:${port}${path}`,
    connect,
    clock: {
      now,
      async advance(duration) {
        const ms = parseDuration(duration);
        if (manualClock === undefined)
          throw new BroadcastError('INVALID_OPTIONS', "clock: start with clock: 'manual' to move it");
        if (ms === undefined)
          throw new BroadcastError(
            'INVALID_OPTIONS',
            "advance: expected milliseconds or a text such as '9m59s'",
          );
        await idle();
        manualClock.advance(ms);
        await idle();
      },
    },
    idle,
    timeline: entries,
    paths,
    warnings,
    connections: () => [...gateway.connections.all()].map(({ id }) => id),
    stop: () => (stopped ??= stop()),
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}
