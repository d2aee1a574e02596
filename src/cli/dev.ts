import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDuration } from '../emulator/clock.js';
import { startEmulator, type Emulator, type FunctionHandler, type TimelineEntry } from '../emulator/index.js';
import { BroadcastError } from '../errors.js';
import { banner } from './banner.js';
import { CliError, usageError, type Command } from './command.js';
import { parseEntry, type Entry } from './entry.js';
import { loadHandler } from './load-handler.js';
import { formatEntry, jsonEntry } from './log-line.js';
import { paletteFor } from './palette.js';
import { stopSignal } from './stop-signal.js';

const DEFAULT_PORT = 4510;

const HELP = `yc-broadcast dev <entry>: runs a handler behind a local API Gateway

The gateway listens on 127.0.0.1 only. It calls the handler with the events
that the cloud would send, answers the connection management API, and refuses
what the cloud refuses. <entry> is a TypeScript or JavaScript file; file.ts#name
takes another export than 'handler'.

  --path <path>       WebSocket path, may be repeated     (default /ws)
  --spec <file>       the gateway's OpenAPI instead of paths; <entry> stands for
                      every function in it
  --port <number>     0 takes any free port               (default ${DEFAULT_PORT})
  --static <folder>   pages to serve beside the gateway
  --timeout <time>    longest time of a call: 10s, 1m     (default 10s)
  --memory <MB>       what the function's context says    (default 128)
  --format <format>   of the log: text or json            (default text)

Examples
  yc-broadcast dev src/handler.ts
  yc-broadcast dev src/handler.ts#chat --path '/rooms/{room}' --static public
  yc-broadcast dev src/handler.ts --spec gateway.yaml
  yc-broadcast dev dist/handler.js --port 0 --format json | jq .reason
`;

export const dev: Command = {
  help: HELP,
  async run(args) {
    await runDev(parseDevOptions(args));
    // What the handler has opened, such as a connection to its database, would keep the process alive.
    process.exit(0);
  },
};

interface DevOptions {
  readonly entry: Entry;
  readonly paths: readonly string[];
  readonly spec: string | undefined;
  readonly port: number;
  readonly static: string | undefined;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly format: 'text' | 'json';
}

function parseDevOptions(args: readonly string[]): DevOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      path: { type: 'string', multiple: true },
      spec: { type: 'string' },
      port: { type: 'string', default: String(DEFAULT_PORT) },
      static: { type: 'string' },
      timeout: { type: 'string', default: '10s' },
      memory: { type: 'string', default: '128' },
      format: { type: 'string', default: 'text' },
    },
  });
  const [entry, ...more] = positionals;
  if (entry === undefined) throw usageError('which file? Try: yc-broadcast dev handler.ts');
  if (more.length > 0) throw usageError(`one entry at a time; '${more.join(' ')}' is too much`);
  if (values.format !== 'text' && values.format !== 'json') {
    throw usageError(`--format: expected text or json, got '${values.format}'`);
  }
  if (values.spec !== undefined && values.path !== undefined) {
    throw usageError('--spec says which paths there are; leave --path out');
  }
  return {
    entry: parseEntry(entry),
    paths: values.path ?? ['/ws'],
    spec: values.spec,
    port: wholeNumber('--port', values.port),
    static: values.static === undefined ? undefined : folder(values.static),
    timeoutMs: duration('--timeout', values.timeout),
    memoryMb: wholeNumber('--memory', values.memory),
    format: values.format,
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw usageError(`${option}: expected a whole number, got '${text}'`);
  return Number(text);
}

function duration(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw usageError(`${option}: expected a time such as 500ms, 10s or 1m, got '${text}'`);
  return ms;
}

function folder(path: string): string {
  const full = resolve(path);
  if (!existsSync(full) || !statSync(full).isDirectory()) {
    throw new CliError(`--static: there is no folder '${path}'`);
  }
  return full;
}

async function runDev(options: DevOptions): Promise<void> {
  const startedAt = performance.now();
  const stopped = stopSignal();
  // The handler is loaded when the gateway listens: code that runs on import may ask for its address.
  let handler: FunctionHandler = () => ({ statusCode: 503 });
  const emulator = await start(options, (...call) => handler(...call));
  try {
    tellAddresses(emulator);
    handler = await loadHandler(options.entry);
    announce(options, emulator, performance.now() - startedAt);
    await stopped;
  } finally {
    await emulator.stop();
  }
}

async function start(options: DevOptions, handler: FunctionHandler): Promise<Emulator> {
  const { paths, spec, port, timeoutMs, memoryMb, format } = options;
  const write = format === 'json' ? jsonEntry : formatEntry(paletteFor(process.stdout));
  try {
    return await startEmulator({
      ...(spec === undefined
        ? { routes: Object.fromEntries(paths.map((path) => [path, handler])) }
        : { spec, functions: handler }),
      port,
      timeoutMs,
      memoryMb,
      static: options.static,
      onTimeline: (entry: TimelineEntry) => process.stdout.write(`${write(entry)}\n`),
    });
  } catch (reason) {
    if (!isPortTaken(reason)) throw reason;
    throw new CliError(`port ${port} is taken; choose another with --port, or --port 0 for any`);
  }
}

function isPortTaken(reason: unknown): boolean {
  const cause = reason instanceof BroadcastError ? reason.cause : undefined;
  return cause instanceof Error && Reflect.get(cause, 'code') === 'EADDRINUSE';
}

/** What code in this process reads to find the gateway; what the user has set already stays. */
function tellAddresses({ port, endpoint }: Emulator): void {
  process.env['YC_BROADCAST_ENDPOINT'] ??= endpoint;
  process.env['YC_BROADCAST_LOCAL_ORIGINS'] ??= `http://localhost:${port},http://127.0.0.1:${port}`;
}

function announce(options: DevOptions, emulator: Emulator, elapsedMs: number): void {
  const { entry, format } = options;
  const { port, paths, warnings, url, endpoint, inspector } = emulator;
  const hasPages = options.static !== undefined;
  const facts = { port, paths, warnings, entry, hasPages, inspectorUrl: inspector.url, elapsedMs };
  const text =
    format === 'json'
      ? JSON.stringify({ type: 'ready', url, endpoint, paths, warnings })
      : banner(facts, paletteFor(process.stdout));
  process.stdout.write(`${text}\n`);
}
