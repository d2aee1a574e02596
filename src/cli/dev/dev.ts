import { startEmulator, type Emulator, type FunctionOutput } from '../../emulator/index.js';
import { functionSourceSchema } from '../../emulator/instances/settings.js';
import { GATEWAY_DEFAULTS } from '../../emulator/options.js';
import { BroadcastError } from '../../base/errors.js';
import { banner } from './banner.js';
import { CliError, type Command } from '../command.js';
import { DEV_HELP } from './dev-flags.js';
import { parseDevOptions, type DevOptions } from './dev-options.js';
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
  const emulator = await start(options, stopped);
  if (emulator === undefined) return 0;
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

/** Resolves with `undefined` when it is stopped before everything is ready. */
async function start(options: DevOptions, stopped: Promise<void>): Promise<Emulator | undefined> {
  const giveUp = new AbortController();
  void stopped.then(() => {
    giveUp.abort();
  });
  const log = logOf(options);
  const paint = paletteFor(log);
  const [ofEntry, ofOutput] =
    options.format === 'json'
      ? [jsonEntry, jsonOutput]
      : [formatEntry(paint), formatOutput(paint, () => (log.isTTY ? log.columns : Infinity))];
  try {
    return await startEmulator({
      ...options.emulator,
      signal: giveUp.signal,
      onTimeline: (entry) => log.write(`${ofEntry(entry)}\n`),
      onOutput: (output: FunctionOutput) =>
        (options.exec === undefined ? process[output.stream] : log).write(ofOutput(output)),
    });
  } catch (reason) {
    if (giveUp.signal.aborted) return undefined;
    const option = takenPortOf(reason);
    if (option === undefined) throw reason;
    const { port, tls } = options.emulator;
    const taken = option === '--port' ? port : typeof tls === 'object' ? tls.port : undefined;
    throw new CliError(`port ${taken ?? 0} is taken; choose another with ${option}, or ${option} 0 for any`);
  }
}

/** The option with which to choose another port, if one was taken. */
function takenPortOf(reason: unknown): '--port' | '--tls-port' | undefined {
  if (!(reason instanceof BroadcastError) || !(reason.cause instanceof Error)) return undefined;
  if (Reflect.get(reason.cause, 'code') !== 'EADDRINUSE') return undefined;
  return reason.message.includes('tls.port') ? '--tls-port' : '--port';
}

function announce(options: DevOptions, emulator: Emulator, elapsedMs: number): void {
  const { sources, format } = options;
  const { url, endpoint, paths, warnings, inspector, store, tls, redirect } = emulator;
  const facts = {
    ...emulator,
    entry: sources.length === 1 ? sources[0]?.entry : undefined,
    hasPages: options.emulator.static !== undefined,
    inspectorUrl: inspector.url,
    store: store?.endpoint,
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

/** How the functions run, for the banner; `undefined` when there are none. */
function runtimeOf({ sources, emulator }: DevOptions): string | undefined {
  const [source] = sources;
  if (source === undefined) return undefined;
  const { instances, concurrency, freezeAfterMs } = functionSourceSchema.parse(source);
  const { timeoutMs = GATEWAY_DEFAULTS.timeoutMs, memoryMb = GATEWAY_DEFAULTS.memoryMb } = emulator;
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
