import { pathToFileURL } from 'node:url';
import { dirname, parse, resolve } from 'node:path';
import { readEnvFiles } from '../code/env-files.js';
import type { Source } from '../code/source.js';
import { instanceVariables, type InstanceEnvironment } from './environment.js';
import type { Host } from './host.js';
import type { Instance, InstanceListener, InstanceSettings } from './instance.js';
import { logEnding, logMemoryStore, logSlowLoading, logUnawaited } from './instance-log.js';
import type { PoolOptions } from './pool.js';
import type { ParsedFunctionSource } from './settings.js';
import { startInstance } from './start-instance.js';

export interface StarterDeps {
  readonly settings: ParsedFunctionSource;
  readonly host: Host;
  readonly source: Source;
  readonly environment: InstanceEnvironment;
  /** The file of the program of instances. */
  readonly program: string;
}

/** A function whose loading takes that long, in milliseconds, may never be loaded. */
const SLOW_LOADING_MS = 5000;

/** Starts instances of a function, and puts into the timeline what they tell. */
export function createInstanceStarter(parts: StarterDeps): PoolOptions['start'] {
  const { settings, host, program } = parts;
  const { timeline } = host;
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

  function watchLoading(instance: Instance): void {
    const timer = setTimeout(() => {
      logSlowLoading(timeline, instance.id, settings.entry, SLOW_LOADING_MS);
    }, settings.coldStartMs + SLOW_LOADING_MS);
    const forget = (): void => {
      clearTimeout(timer);
    };
    instance.ready.then(forget, forget);
  }

  return (generation, pooling) => {
    const instance = startInstance(host.newInstanceId(), program, generation, instanceSettings(parts), {
      ...listener,
      ...pooling,
      onEnded(ended, ending) {
        logEnding(timeline, ended.id, ending);
        pooling.onEnded(ended, ending);
      },
    });
    watchLoading(instance);
    return instance;
  };
}

/** Read afresh for each instance, so that a restart takes up what has changed in the environment. */
function instanceSettings({ settings, host, environment, source }: StarterDeps): InstanceSettings {
  const { entry, project } = source;
  const { coldStartMs, freezeAfterMs, timeoutMs = host.timeoutMs, memoryMb = host.memoryMb } = settings;
  const exportName = entry.exportName ?? 'handler';
  const preload = settings.preload.map((module) => pathToFileURL(resolve(module)).href);
  return {
    exportName,
    written: entry.written,
    preload: [...environment.preload, ...preload],
    coldStartMs,
    freezeAfterMs,
    timeoutMs,
    memoryMb,
    identity: { ...host.identity, memoryMb },
    env: {
      ...instanceVariables(environment, {
        ...readEnvFiles(project, settings.envFiles),
        ...process.env,
        ...settings.env,
      }),
      ...runtimeVariables(entry.file, exportName),
    },
  };
}

/** Documented: the runtime sets them, so that code which looks for AWS Lambda believes to be there. */
function runtimeVariables(file: string, exportName: string): Record<string, string> {
  return {
    _HANDLER: `${parse(file).name}.${exportName}`,
    LAMBDA_TASK_ROOT: dirname(file),
    // What it is in the cloud is not documented. Nothing listens here.
    AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001',
  };
}
