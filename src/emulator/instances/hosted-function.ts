import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import type { Diagnostic } from '../../model/diagnostics.js';
import type { Clock } from '../clock.js';
import { readEnvFiles } from '../code/env-files.js';
import { openSource, type Generation, type Source } from '../code/source.js';
import type { FunctionIdentity } from '../events/function-context.js';
import type { Invoker } from '../calls/invoker.js';
import type { Timeline } from '../timeline/timeline.js';
import type { Instance, InstanceListener, InstanceSettings } from './instance.js';
import { instanceVariables, type InstanceEnvironment } from './environment.js';
import { logEnding, logMemoryStore, logUnawaited } from './instance-log.js';
import { writeInstanceProgram, type InstanceProgram } from './instance-program.js';
import { createPool, type Pool } from './pool.js';
import { reloadOnChange } from './reload.js';
import { startInstance } from './start-instance.js';
import type { ParsedFunctionSource } from './settings.js';

/** What the gateway gives to all functions. */
export interface Host {
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly identity: FunctionIdentity;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  newInstanceId(): number;
  onOutput(output: FunctionOutput): void;
  onDiagnostic(diagnostic: Diagnostic): void;
}

/** What a function has printed. */
export interface FunctionOutput {
  /** The instance that printed it. */
  readonly instance: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** A function that runs in instances. */
export interface HostedFunction extends Invoker {
  /** As the user wrote it. */
  readonly entry: string;
  /** Rejects with `INVALID_OPTIONS` when the function cannot be compiled or loaded. */
  start(environment: InstanceEnvironment): Promise<void>;
  instances(): readonly Instance[];
  /** Starts afresh with the code as it is now. */
  restart(): Promise<void>;
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export function createHostedFunction(settings: ParsedFunctionSource, host: Host): HostedFunction {
  const { timeline } = host;
  let source: Source | undefined;
  let pool: Pool | undefined;
  let program: InstanceProgram | undefined;
  let begin: (pool: Pool) => void;
  const started = new Promise<Pool>((resolvePool) => {
    begin = resolvePool;
  });
  let stopReloads = (): void => undefined;
  let isWarned = false;

  const listener: Omit<InstanceListener, 'onFree' | 'onEnded'> = {
    onUnawaited: ({ id }, work) => {
      logUnawaited(timeline, id, work, settings.freezeAfterMs !== 'off');
    },
    onPrinted: ({ id }, stream, text) => {
      host.onOutput({ instance: id, stream, text });
    },
    onDiagnostic: host.onDiagnostic,
    onMemoryStore() {
      if (settings.instances.max === 1 || isWarned) return;
      isWarned = true;
      logMemoryStore(timeline, settings.instances.max);
    },
  };

  async function start(environment: InstanceEnvironment): Promise<void> {
    const opened = await openSource(settings.entry);
    source = opened;
    const [written, generation] = await Promise.all([writeInstanceProgram(), opened.compile()]);
    program = written;
    pool = createPool({
      ...settings,
      ...settings.instances,
      clock: host.clock,
      start: (code, pooling) =>
        startInstance(
          host.newInstanceId(),
          written.file,
          code,
          instanceSettings(settings, opened, host, environment),
          {
            ...listener,
            ...pooling,
            onEnded(instance, ending) {
              logEnding(timeline, instance.id, ending);
              pooling.onEnded(instance, ending);
            },
          },
        ),
    });
    begin(pool);
    await pool.start(generation as Generation);
    if (!settings.watch) return;
    const envFiles = settings.envFiles.map((file) => resolve(opened.project, file));
    stopReloads = reloadOnChange({ source: opened, pool, envFiles, timeline });
  }

  return {
    entry: settings.entry,
    start,
    invoke: async (event, killAfterMs) => (await started).invoke(event, killAfterMs),
    underWay: () => pool?.underWay() ?? 0,
    instances: () => pool?.instances() ?? [],
    async restart() {
      // Packages are not watched, and may have changed.
      const next = await source?.compile().catch(() => undefined);
      if (next === undefined) await pool?.restart();
      else await pool?.replace(next);
    },
    async settled() {
      await pool?.settled();
    },
    async stop() {
      stopReloads();
      await pool?.stop();
      await source?.close();
      program?.remove();
    },
  };
}

/** Read afresh for each instance, so that a restart takes up what has changed in the environment. */
function instanceSettings(
  settings: ParsedFunctionSource,
  { entry, project }: Source,
  host: Host,
  environment: InstanceEnvironment,
): InstanceSettings {
  const { coldStartMs, freezeAfterMs, timeoutMs = host.timeoutMs, memoryMb = host.memoryMb } = settings;
  const preload = settings.preload.map((module) => pathToFileURL(resolve(module)).href);
  return {
    exportName: entry.exportName ?? 'handler',
    written: entry.written,
    preload: [...environment.preload, ...preload],
    coldStartMs,
    freezeAfterMs,
    timeoutMs,
    memoryMb,
    identity: { ...host.identity, memoryMb },
    env: instanceVariables(environment, {
      ...readEnvFiles(project, settings.envFiles),
      ...process.env,
      ...settings.env,
    }),
  };
}
