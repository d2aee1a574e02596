import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../emulator/index.js';
import { messageQueue } from '../../queue/client.js';
import { CASES } from '../cases/index.js';
import { modeOf, type ConformanceCase, type Mode } from '../case.js';
import { LIVE_PATH, probeSpec } from '../spec.js';
import { grpcClient, restClient } from '../wire/management.js';
import { openRawSocket } from '../wire/raw-socket.js';
import { createBench, type RunningBench } from './create-bench.js';
import { runCases, type CaseResult, type RunCasesOptions } from './run-cases.js';

export interface RunLocalOptions extends Pick<RunCasesOptions, 'onResult' | 'expected'> {
  /** @default all that a local gateway can be asked */
  readonly cases?: readonly ConformanceCase[] | undefined;
  /** What the gateway is set to besides, for example a profile. */
  readonly emulator?: Partial<EmulatorOptions> | undefined;
  /** What the probe function's instances are set to besides. */
  readonly instances?: { readonly freezeAfterMs?: number | 'off' | undefined } | undefined;
}

/** Time limit of the probe function. */
const TIMEOUT_MS = 2000;
/** Long enough for what a local gateway does. */
const QUIET_MS = 400;
/** Long enough for a machine that is busy with something else. */
const ANSWER_MS = 10_000;

/** Runs the cases against a local gateway, with the probe function in instances. */
export function runLocal(options: RunLocalOptions = {}): Promise<CaseResult[]> {
  const { cases = CASES, onResult, expected } = options;
  const modes = [...new Set(cases.map(modeOf))];
  return runCases({
    cases,
    modes,
    target: 'local',
    onResult,
    expected,
    bench: (mode) => localBench(mode, options),
  });
}

type LocalBench = Omit<RunningBench, 'close'> & { close(): Promise<void> };

async function localBench(mode: Mode, options: RunLocalOptions): Promise<LocalBench> {
  const isWaiting = mode === 'idle' || mode === 'lifetime';
  const emulator = await startEmulator(emulatorOptions(isWaiting, options));
  const { endpoint, queue, wsUrl, clock, tls } = emulator;
  const token = async (): Promise<string> => 'local';
  const queues = { work: messageQueue(queue('work').access), live: messageQueue(queue('live').access) };
  const foreign = createForeigner();
  const bench = await createBench({
    origin: wsUrl(''),
    key: KEY,
    timeoutMs: TIMEOUT_MS,
    quietMs: QUIET_MS,
    answerMs: ANSWER_MS,
    rest: restClient({ endpoint, token }),
    grpc: grpcClient({ endpoint: tls?.endpoint ?? endpoint, ca: tls?.ca, token }),
    publish: (name, body) => queues[name].send([{ body }]),
    foreignId: foreign.id,
    pass: clock.advance,
  });
  return {
    ...bench,
    async close() {
      bench.close();
      for (const queue of Object.values(queues)) queue.close();
      await Promise.all([emulator.stop(), foreign.stop()]);
    },
  };
}

const KEY = 'local';
const FUNCTION = 'probe';
const SHARED_FUNCTION = 'shared';

function emulatorOptions(isWaiting: boolean, { emulator, instances }: RunLocalOptions): EmulatorOptions {
  const source = { entry: probeFile(), env: { PROBE_KEY: KEY }, ...instances };
  return {
    spec: probeSpec({
      functionId: FUNCTION,
      sharedFunctionId: SHARED_FUNCTION,
      serviceAccountId: 'local',
    }),
    functions: { [FUNCTION]: source, [SHARED_FUNCTION]: { ...source, concurrency: 4 } },
    // Its gRPC needs it.
    tls: true,
    timeoutMs: TIMEOUT_MS,
    clock: isWaiting ? 'manual' : 'system',
    queues: { work: {}, live: {} },
    triggers: [
      { queue: 'work', function: FUNCTION, batchSize: 2, cutoffMs: 1000 },
      { queue: 'live', broadcast: LIVE_PATH },
    ],
    onOutput: () => undefined,
    ...emulator,
  };
}

/** The function's source here, its JavaScript in the package. */
export function probeFile(): string {
  const built = fileURLToPath(new URL('../probe/function.js', import.meta.url));
  return existsSync(built) ? built : built.replace(/\.js$/, '.ts');
}

/** Another gateway, for an id that is not of the first one. */
function createForeigner() {
  let started: Promise<Emulator> | undefined;
  return {
    async id(): Promise<string> {
      started ??= startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) } });
      const url = new URL((await started).wsUrl('/ws'));
      return (await openRawSocket({ url, headers: {} })).connectionId;
    },
    async stop(): Promise<void> {
      await (await started)?.stop();
    },
  };
}
