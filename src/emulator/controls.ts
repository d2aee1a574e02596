import { BroadcastError } from '../base/errors.js';
import { parseDuration, type ManualClock } from './clock.js';
import type { StoreAccess } from './document-store/access.js';
import type { Emulator } from './emulator-api.js';
import type { Faults } from './faults/table.js';
import type { Waiting } from './faults/waiting.js';
import type { Functions } from './calls/functions.js';
import type { Gateway } from './sockets/gateway.js';
import { assertNoUnawaited } from './instances/assert-no-unawaited.js';
import type { LibraryWatch } from './library/watch-library.js';
import type { Listening } from './listening/listen.js';
import { queueNamed } from './queue/access.js';
import type { MessageQueues } from './queue/message-queues.js';
import { untilQuiet } from './quiescence.js';
import { createTestClients } from './test-clients/test-clients.js';
import { selectEntries } from './timeline/query.js';
import type { Timers } from './timers/timers.js';
import type { Timeline } from './timeline/timeline.js';

export interface ControlDeps {
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
  readonly messageQueues: MessageQueues;
  readonly timers: Timers;
}

/** What a test or the command line does with a gateway that runs. */
export function createControls(parts: ControlDeps): Emulator {
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
    messageQueues,
    timers,
  } = parts;
  const { port, tls, redirect } = listening;
  const { connect, onTheWay } = createTestClients(port, gateway.connections);
  const url = `http://127.0.0.1:${port}`;
  let stopped: Promise<void> | undefined;

  const idle = (): Promise<void> =>
    untilQuiet({
      underWay,
      onTheWay,
      progress: () => [underWay(), onTheWay(), waiting.count(), timeline.latest].join(),
      isHeldUp: () => manualClock !== undefined && waiting.count() > 0,
      isStopped: () => stopped !== undefined,
    });

  async function stop(): Promise<void> {
    messageQueues.stop();
    timers.stop();
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
        const ms = checkedDuration(duration, manualClock !== undefined);
        await idle();
        manualClock?.advance(ms);
        await idle();
      },
    },
    idle,
    faults,
    instances: functions.instances,
    store,
    queue: (name) => queueNamed(messageQueues.list(port), name),
    queues: () => messageQueues.list(port),
    triggers: messageQueues.triggers,
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

function checkedDuration(duration: number | string, isManual: boolean): number {
  const ms = parseDuration(duration);
  if (!isManual) throw new BroadcastError('INVALID_OPTIONS', "clock: start with clock: 'manual' to move it");
  if (ms === undefined) {
    const expected = "milliseconds or a text such as '9m59s'";
    throw new BroadcastError('INVALID_OPTIONS', `advance: expected ${expected}`);
  }
  return ms;
}
