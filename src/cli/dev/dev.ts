import {
  startEmulator,
  type Emulator,
  type FunctionOutput,
  type FunctionSource,
} from '../../emulator/index.js';
import { outputFolder } from '../../emulator/code/compiler.js';
import { BroadcastError } from '../../base/errors.js';
import { banner } from './banner.js';
import { CliError, type Command } from '../command.js';
import { queueOptionsOf } from './dev-queues.js';
import { DEV_HELP, parseDevOptions, type DevOptions } from './dev-options.js';
import { runCommand } from './exec.js';
import { writeGatewayFile } from '../gateway/file.js';
import { listenToKeys } from './hot-keys.js';
import { formatEntry, jsonEntry } from '../terminal/event-line.js';
import { formatOutput, jsonOutput } from './output-line.js';
import { paletteFor } from '../terminal/palette.js';
import { stopSignal } from '../terminal/stop-signal.js';

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
  const { entry, paths, spec, port, tlsPort, redirect, timeoutMs, memoryMb, format } = options;
  const log = logOf(options);
  const paint = paletteFor(log);
  const [ofEntry, ofOutput] =
    format === 'json'
      ? [jsonEntry, jsonOutput]
      : [formatEntry(paint), formatOutput(paint, () => (log.isTTY ? log.columns : Infinity))];
  const source = sourceOf(options);
  try {
    return await startEmulator({
      ...(spec === undefined
        ? { routes: Object.fromEntries(paths.map((path) => [path, source])) }
        : { spec, functions: source }),
      port,
      tls: redirect || tlsPort > 0 ? { port: tlsPort } : false,
      redirect: redirect && { folder: outputFolder(entry) },
      timeoutMs,
      memoryMb,
      static: options.static,
      allowedHosts: options.allowedHosts,
      store: options.store,
      ...queueOptionsOf(options, source),
      timers: options.timerMs === undefined ? [] : [{ every: options.timerMs, function: source }],
      onTimeline: (entry) => log.write(`${ofEntry(entry)}\n`),
      onOutput: (output: FunctionOutput) =>
        (options.exec === undefined ? process[output.stream] : log).write(ofOutput(output)),
    });
  } catch (reason) {
    const option = takenPortOf(reason);
    if (option === undefined) throw reason;
    const taken = option === '--port' ? port : tlsPort;
    throw new CliError(`port ${taken} is taken; choose another with ${option}, or ${option} 0 for any`);
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

/** The option with which to choose another port, if one was taken. */
function takenPortOf(reason: unknown): '--port' | '--tls-port' | undefined {
  if (!(reason instanceof BroadcastError) || !(reason.cause instanceof Error)) return undefined;
  if (Reflect.get(reason.cause, 'code') !== 'EADDRINUSE') return undefined;
  return reason.message.includes('tls.port') ? '--tls-port' : '--port';
}

function announce(options: DevOptions, emulator: Emulator, elapsedMs: number): void {
  const { entry, format } = options;
  const { port, paths, httpPaths, warnings, url, endpoint, tls, redirect, inspector, store, triggers } =
    emulator;
  const hasPages = options.static !== undefined;
  const facts = {
    port,
    paths,
    httpPaths,
    warnings,
    entry,
    hasPages,
    inspectorUrl: inspector.url,
    store: store?.endpoint,
    triggers,
    tlsEndpoint: tls?.endpoint,
    caFile: redirect?.caFile,
    elapsedMs,
  };
  const text =
    format === 'json'
      ? JSON.stringify({
          type: 'ready',
          url,
          endpoint,
          tls: tls?.endpoint,
          ca: redirect?.caFile,
          paths,
          warnings,
        })
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
