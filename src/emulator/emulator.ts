import { BroadcastError } from '../errors.js';
import { createBroadcasts } from './broadcasts.js';
import { CLIENT_PATH, serveClient } from './client-bundle.js';
import { createCalls } from './calls.js';
import { createManualClock, parseDuration, systemClock, type ManualClock } from './clock.js';
import { createFaults, type Faults } from './faults/table.js';
import { createWaiting, type Waiting } from './faults/waiting.js';
import { newFunctionIdentity } from './function-context.js';
import { chooseRoutes } from './choose-routes.js';
import { createControl } from './control/control.js';
import { createGateway, type Gateway } from './gateway.js';
import { createHttpOperations } from './http-operations.js';
import { createFunctions, type Functions } from './functions.js';
import { printOutput } from './instances/print-output.js';
import type { HttpRequest, HttpResponse } from './http-exchange.js';
import { newResourceId } from './ids.js';
import { createDocumentServer } from './document-store/server.js';
import { storeAccess, withStore, type StoreAccess } from './document-store/access.js';
import type { Instances } from './instances/controls.js';
import { assertNoUnawaited } from './instances/assert-no-unawaited.js';
import { watchLibrary, type LibraryWatch } from './library.js';
import { listen, type Listening, type TlsAccess } from './listen.js';
import { createManagementDesk } from './management-desk.js';
import { createManagement } from './management.js';
import { parseEmulatorOptions, type EmulatorOptions } from './options.js';
import type { Listeners } from './ports.js';
import type { RedirectAccess } from './redirect/redirect.js';
import { createRooms } from './rooms.js';
import type { Route } from './routes.js';
import { serveFile } from './static-files.js';
import { connectTestClient, type ConnectOptions, type TestClient } from './test-client.js';
import { untilQuiet } from './quiet.js';
import { selectEntries, type TimelineQuery } from './timeline-query.js';
import { createTimeline, type Timeline, type TimelineEntry } from './timeline.js';

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
  connect(path: string, options?: ConnectOptions): Promise<TestClient>;
  readonly clock: {
    now(): number;
    /** Moves the manual clock on, by milliseconds or a text such as `'9m59s'`, and waits until all is quiet. */
    advance(duration: number | string): Promise<void>;
  };
  /**
   * Resolves when no call is under way and no frame of a test client is on its way, or when it is stopped. With a manual
   * clock also when a fault holds something up and nothing more will happen until the clock is moved.
   */
  idle(): Promise<void>;
  /** Makes things go wrong on purpose. */
  readonly faults: Faults;
  /** The instances of functions that were given by their files. */
  readonly instances: Instances;
  /**
   * Waits until all is quiet. Rejects if a call on an instance has returned before what it had begun was finished: in the
   * cloud that would stand still, or be lost. Says which; rejects too when no function runs in instances.
   */
  assertNoUnawaited(): Promise<void>;
  /**
   * What has happened, the oldest first; of the last 10,000 entries those that the query asks for. A text is a filter as
   * the inspector has it: `type:send status:>=400`. Throws `INVALID_OPTIONS` that names the mistake.
   */
  timeline(query?: TimelineQuery | string): readonly TimelineEntry[];
  /** Options for `ydbStore` that lead to the shared store, when `store` asked for one. */
  readonly store: StoreAccess | undefined;
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
  const { timeoutMs, memoryMb, limits, onOutput = printOutput } = options;
  const rooms = createRooms();
  const broadcasts = createBroadcasts(clock.now);
  const library = watchLibrary(rooms, broadcasts);
  const functions = createFunctions({ clock, timeline, identity, timeoutMs, memoryMb, onOutput }, library);
  const { routes, httpRoutes, warnings } = await chooseRoutes(options, functions.invokerOf, clock.now);
  const faults = createFaults(options.seed);
  if (typeof options.faults === 'string') faults.addText(options.faults);
  else options.faults.forEach(faults.add);
  const waiting = createWaiting(clock);
  const calls = createCalls(faults);
  const gateway = createGateway({ routes, clock, limits, timeline, faults, waiting, calls, gatewayId });
  const httpOperations = createHttpOperations({ httpRoutes, calls, clock, timeline, gatewayId });
  const { token: expectedToken } = options;
  const management = createManagement({
    gateway,
    timeline,
    faults,
    waiting,
    broadcasts,
    gatewayId,
    token: expectedToken,
  });
  const desk = createManagementDesk(management, options.grpcErrors);
  const advance = manualClock && ((duration: number | string) => emulator.clock.advance(duration));
  const control = createControl({
    gateway,
    timeline,
    rooms,
    broadcasts,
    instances: functions.instances,
    faults,
    routes,
    limits,
    clock,
    advance,
  });
  const store = options.store ? createDocumentServer(Date.now) : undefined;
  const listeners: Listeners = {
    request(request, response) {
      const isTaken =
        store?.answer(request, response) === true ||
        desk.rest(request, response) ||
        control.answer(request, response) ||
        httpOperations.answer(request, response);
      if (!isTaken) void serve(routes, options.static, request, response);
    },
    grpc: desk.grpc,
    upgrade: gateway.upgrade,
  };
  const listening = await listen(options, listeners, token);
  const shared = options.store ? storeAccess(listening.port) : undefined;
  await functions.start(withStore(listening.environment, shared)).catch(async (error: unknown) => {
    await Promise.all([functions.stop(), listening.close()]);
    throw error;
  });
  library.listen();
  const emulator = controls({
    listening,
    functions,
    library,
    gateway,
    faults,
    waiting,
    underWay: () => gateway.underWay() + desk.underWay(),
    manualClock,
    now: clock.now,
    timeline,
    warnings,
    paths: routes.map(({ pattern }) => pattern.template),
    httpPaths: httpRoutes.flatMap(({ pattern, methods }) =>
      [...methods.keys()].map((method) => `${method} ${pattern.template}`),
    ),
    inspectorToken: control.token,
    store: shared,
  });
  return emulator;
}

/** Plain HTTP: a file, or an answer that helps somebody who got the path wrong. */
async function serve(
  routes: readonly Route[],
  root: string | undefined,
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://gateway').pathname;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && root !== undefined && (await serveFile(root, path, response))) return;
  if (isRead && path === CLIENT_PATH) {
    await serveClient(response);
    return;
  }
  const known = routes.map(({ pattern }) => pattern.template).join(', ');
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`Nothing at ${path}. WebSocket paths: ${known}\n`);
}

interface ControlParts {
  readonly listening: Listening;
  readonly gateway: Gateway;
  readonly functions: Functions;
  readonly library: LibraryWatch;
  readonly faults: Faults;
  readonly waiting: Waiting;
  readonly underWay: () => number;
  readonly manualClock: ManualClock | undefined;
  readonly now: () => number;
  readonly timeline: Timeline;
  readonly warnings: readonly string[];
  readonly paths: readonly string[];
  readonly httpPaths: readonly string[];
  readonly inspectorToken: string;
  readonly store: StoreAccess | undefined;
}

function controls(parts: ControlParts): Emulator {
  const {
    listening,
    gateway,
    functions,
    library,
    faults,
    waiting,
    underWay,
    manualClock,
    now,
    timeline,
    warnings,
    paths,
    httpPaths,
    inspectorToken,
    store,
  } = parts;
  const { port, tls, redirect } = listening;
  const clients = new Set<{ readonly client: TestClient; readonly id: string; sent: number }>();
  const url = `http://127.0.0.1:${port}`;
  let connecting = 0;
  let stopped: Promise<void> | undefined;

  /** Handshakes of test clients, and frames between them and the gateway, in either direction. */
  function onTheWay(): number {
    let count = connecting;
    for (const { client, id, sent } of clients) {
      const connection = gateway.connections.get(id);
      if (connection !== undefined)
        count += Math.max(0, sent - connection.received) + Math.max(0, connection.sent - client.received());
    }
    return count;
  }

  const idle = (): Promise<void> =>
    untilQuiet({
      underWay,
      onTheWay,
      progress: () => [underWay(), onTheWay(), waiting.count(), timeline.latest].join(),
      isHeldUp: () => manualClock !== undefined && waiting.count() > 0,
      isStopped: () => stopped !== undefined,
    });

  async function connect(path: string, options: ConnectOptions = {}): Promise<TestClient> {
    connecting++;
    const client = await connectTestClient(`ws://127.0.0.1:${port}${path}`, options).finally(
      () => connecting--,
    );
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
    waiting.stop();
    await gateway.stop();
    await functions.stop();
    library.stop();
    await listening.close();
  }

  return {
    port,
    url,
    endpoint: url,
    tls,
    redirect,
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
    faults,
    instances: functions.instances,
    store,
    async assertNoUnawaited() {
      await idle();
      await functions.settled();
      assertNoUnawaited(functions.instances.list().length > 0, timeline.entries());
    },
    timeline: (query) => selectEntries(timeline.entries(), query),
    inspector: { url: `${url}/_yc-broadcast/#t=${inspectorToken}`, token: inspectorToken },
    paths,
    httpPaths,
    warnings,
    connections: () => [...gateway.connections.all()].map(({ id }) => id),
    stop: () => (stopped ??= stop()),
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}
