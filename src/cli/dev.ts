import { startEmulator, type Emulator, type FunctionOutput, type FunctionSource } from '../emulator/index.js';
import { BroadcastError } from '../errors.js';
import { banner } from './banner.js';
import { CliError, type Command } from './command.js';
import { DEV_HELP, parseDevOptions, type DevOptions } from './dev-options.js';
import { runCommand } from './exec.js';
import { writeGatewayFile } from './gateway/file.js';
import { listenToKeys } from './hot-keys.js';
import { formatEntry, jsonEntry } from './log-line.js';
import { formatOutput, jsonOutput } from './output-line.js';
import { paletteFor } from './palette.js';
import { stopSignal } from './stop-signal.js';

export const dev: Command = {
  help: DEV_HELP,
  async run(args) {
    return runDev(parseDevOptions(args));
  },
};

async function runDev(options: DevOptions): Promise<number> {
  const startedAt = performance.now();
  const stopped = stopSignal();
  const emulator = await start(options);
  const removeFile = writeGatewayFile(emulator);
  try {
    announce(options, emulator, performance.now() - startedAt);
    if (options.exec !== undefined) return await runCommand(options.exec, emulator, stopped);
    const forgetKeys = listenToKeys(emulator);
    await stopped;
    forgetKeys();
    return 0;
  } finally {
    removeFile();
    await emulator.stop();
  }
}

async function start(options: DevOptions): Promise<Emulator> {
  const { paths, spec, port, timeoutMs, memoryMb, format } = options;
  const log = logOf(options);
  const paint = paletteFor(log);
  const [ofEntry, ofOutput] =
    format === 'json' ? [jsonEntry, jsonOutput] : [formatEntry(paint), formatOutput(paint)];
  const source = sourceOf(options);
  try {
    return await startEmulator({
      ...(spec === undefined
        ? { routes: Object.fromEntries(paths.map((path) => [path, source])) }
        : { spec, functions: source }),
      port,
      timeoutMs,
      memoryMb,
      static: options.static,
      store: options.store,
      onTimeline: (entry) => log.write(`${ofEntry(entry)}\n`),
      onOutput: (output: FunctionOutput) =>
        (options.exec === undefined ? process[output.stream] : log).write(ofOutput(output)),
    });
  } catch (reason) {
    if (!isPortTaken(reason)) throw reason;
    throw new CliError(`port ${port} is taken; choose another with --port, or --port 0 for any`);
  }
}

function sourceOf(options: DevOptions): FunctionSource {
  const { entry, instances, concurrency, requestsLimit, coldStartMs, freezeAfterMs, watch } = options;
  return {
    entry: entry.written,
    instances,
    concurrency,
    requestsLimit,
    coldStartMs,
    freezeAfterMs,
    envFiles: ['.env', '.env.local'],
    watch,
  };
}

function isPortTaken(reason: unknown): boolean {
  const cause = reason instanceof BroadcastError ? reason.cause : undefined;
  return cause instanceof Error && Reflect.get(cause, 'code') === 'EADDRINUSE';
}

function announce(options: DevOptions, emulator: Emulator, elapsedMs: number): void {
  const { entry, format } = options;
  const { port, paths, warnings, url, endpoint, inspector, store } = emulator;
  const hasPages = options.static !== undefined;
  const facts = {
    port,
    paths,
    warnings,
    entry,
    hasPages,
    inspectorUrl: inspector.url,
    store: store?.endpoint,
    elapsedMs,
  };
  const text =
    format === 'json'
      ? JSON.stringify({ type: 'ready', url, endpoint, paths, warnings })
      : banner({ ...facts, runtime: runtimeOf(options) }, paletteFor(logOf(options)));
  logOf(options).write(`${text}\n`);
}

/** With `--exec` the command has stdout to itself. */
function logOf({ exec }: DevOptions): NodeJS.WriteStream {
  return exec === undefined ? process.stdout : process.stderr;
}

/** How the function runs, for the banner. */
function runtimeOf(options: DevOptions): string {
  const { instances, concurrency, timeoutMs, memoryMb, freezeAfterMs } = options;
  const { min, max } = instances;
  const parts = [
    min === max ? String(max) : `${min} to ${max}`,
    concurrency === 1 ? '1 call each' : `${concurrency} calls each`,
    `${timeoutMs / 1000} s`,
    `${memoryMb} MB`,
    freezeAfterMs === 'off' ? 'running on between calls' : 'frozen between calls',
  ];
  return parts.join(', ');
}
