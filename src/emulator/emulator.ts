import { createBroadcasts } from './library/broadcasts.js';
import { createCalls } from './calls/calls.js';
import { createManualClock, systemClock } from './clock.js';
import { createFaults, type FaultTable } from './faults/table.js';
import { createWaiting } from './faults/waiting.js';
import { newFunctionIdentity } from './events/function-context.js';
import { chooseRoutes } from './routing/choose-routes.js';
import { createControl } from './control/control.js';
import { createControls } from './controls.js';
import type { Emulator } from './emulator-api.js';
import { createGateway } from './sockets/gateway.js';
import { createHttpOperations } from './http/operations.js';
import { createFunctions } from './calls/functions.js';
import { printOutput } from './instances/print-output.js';
import { newResourceId } from './ids.js';
import { createDocumentServer } from './document-store/server.js';
import { storeAccess, withStore } from './document-store/access.js';
import { createMessageQueues } from './queue/message-queues.js';
import { watchLibrary } from './library/watch-library.js';
import { listen } from './listening/listen.js';
import { createManagementDesk } from './management/desk.js';
import { createManagement } from './management/management.js';
import { parseEmulatorOptions, type EmulatorOptions, type ParsedEmulatorOptions } from './options.js';
import { readGuesses, unfollowedWarnings } from './profile/guesses.js';
import { withProfile } from './profile/with-profile.js';
import { servePages } from './http/pages.js';
import type { Listeners } from './listening/ports.js';
import { createRooms } from './library/rooms.js';
import { createTimers } from './timers/timers.js';
import { createTimeline } from './timeline/timeline.js';

/**
 * Starts a local gateway. It talks to functions and answers transports as the cloud does, over the wire, and
 * refuses what the cloud refuses. Nothing is global: any number can run at once.
 *
 * Rejects with `INVALID_OPTIONS` that names the option, or that the port is taken.
 */
// It puts the pieces together, one after the other; nearly each needs those before it.
// eslint-disable-next-line house/function-length
export async function startEmulator(given: EmulatorOptions): Promise<Emulator> {
  const parsed = parseEmulatorOptions(given);
  const { guess, unfollowed } = readGuesses(parsed.profile);
  const options = withProfile(parsed, guess);
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
  const { routes, httpRoutes, warnings } = await chooseRoutes(
    options,
    functions,
    identity.functionId,
    clock.now,
  );
  const faults = faultsOf(options);
  const waiting = createWaiting(clock);
  const calls = createCalls(faults);
  const gateway = createGateway({
    ...options,
    routes,
    clock,
    timeline,
    faults,
    waiting,
    calls,
    gatewayId,
    guess,
  });
  const messageQueues = createMessageQueues({
    options,
    clock,
    timeline,
    faults,
    calls,
    gateway,
    routes,
    invokerOf: functions.invokerOf,
    folderId: identity.folderId,
    guess,
  });
  const timers = createTimers({
    options,
    clock,
    timeline,
    calls,
    folderId: identity.folderId,
    invokerOf: functions.invokerOf,
  });
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
    guess,
  });
  const desk = createManagementDesk(management, options.grpcErrors);
  const advance = manualClock && ((duration: number | string) => emulator.clock.advance(duration));
  const control = createControl({
    gateway,
    timeline,
    rooms,
    broadcasts,
    messageQueues,
    instances: functions.instances,
    faults,
    routes,
    limits,
    clock,
    advance,
  });
  const store = options.store ? createDocumentServer(Date.now) : undefined;
  const answerers = [
    ...(store === undefined ? [] : [store.answer]),
    messageQueues.answer,
    desk.rest,
    control.answer,
    httpOperations.answer,
  ];
  const listeners: Listeners = {
    request: firstOf(answerers, (request, response) => servePages(routes, options.static, request, response)),
    grpc: desk.grpc,
    upgrade: gateway.upgrade,
  };
  const listening = await listen(options, listeners, token);
  const shared = options.store ? storeAccess(listening.port) : undefined;
  const environment = messageQueues.withEnvironment(withStore(listening.environment, shared), listening.port);
  await unlessAborted(functions.start(environment), options.signal).catch(async (error: unknown) => {
    await Promise.all([functions.stop(), listening.close()]);
    throw error;
  });
  library.listen();
  messageQueues.start();
  timers.start();
  const emulator = createControls({
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
    warnings: [...warnings, ...unfollowedWarnings(unfollowed)],
    paths: routes.map(({ pattern }) => pattern.template),
    httpPaths: httpRoutes.flatMap(({ pattern, methods }) =>
      [...methods.keys()].map((method) => `${method} ${pattern.template}`),
    ),
    inspectorToken: control.token,
    store: shared,
    messageQueues,
    timers,
  });
  return emulator;
}

function faultsOf({ seed, faults: given }: ParsedEmulatorOptions): FaultTable {
  const faults = createFaults(seed);
  if (typeof given === 'string') faults.addText(given);
  else given.forEach(faults.add);
  return faults;
}

type Answer = (...call: Parameters<Listeners['request']>) => boolean;

/** What answers a request: the first that takes it, or else `otherwise`. */
function firstOf(
  answerers: readonly Answer[],
  otherwise: (...call: Parameters<Listeners['request']>) => Promise<unknown>,
): Listeners['request'] {
  return (request, response) => {
    if (answerers.some((answer) => answer(request, response))) return;
    otherwise(request, response).catch(() => response.destroy());
  };
}

/** Rejects as soon as the signal is aborted. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const aborted = new AbortController();
  const abort = new Promise<never>((_resolve, reject) => {
    const listener = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', listener, { signal: aborted.signal });
  });
  await Promise.race([work, abort]).finally(() => {
    aborted.abort();
  });
}
