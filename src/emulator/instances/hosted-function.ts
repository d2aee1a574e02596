import { resolve } from 'node:path';
import { openSource, type Generation, type Source } from '../code/source.js';
import type { Invoker } from '../calls/invoker.js';
import type { Host } from './host.js';
import type { Instance } from './instance.js';
import type { InstanceEnvironment } from './environment.js';
import { createInstanceStarter } from './instance-starter.js';
import { writeInstanceProgram, type InstanceProgram } from './instance-program.js';
import { createPool, type Pool } from './pool.js';
import { reloadOnChange } from './reload.js';
import type { ParsedFunctionSource } from './settings.js';

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
  let source: Source | undefined;
  let pool: Pool | undefined;
  let program: InstanceProgram | undefined;
  let begin: (pool: Pool) => void;
  const started = new Promise<Pool>((resolvePool) => {
    begin = resolvePool;
  });
  let stopReloads = (): void => undefined;

  async function start(environment: InstanceEnvironment): Promise<void> {
    const opened = await openSource(settings.entry);
    source = opened;
    const generation = await opened.compile();
    const { file } = (program = await writeInstanceProgram());
    pool = createPool({
      ...settings,
      ...settings.instances,
      clock: host.clock,
      start: createInstanceStarter({ settings, host, source: opened, environment, program: file }),
    });
    begin(pool);
    await pool.start(generation as Generation);
    if (!settings.watch) return;
    const envFiles = settings.envFiles.map((file) => resolve(opened.project, file));
    stopReloads = reloadOnChange({ source: opened, pool, envFiles, timeline: host.timeline });
  }

  return {
    entry: settings.entry,
    start,
    invoke: async (event, options) => (await started).invoke(event, options),
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
