import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDuration } from '../../emulator/clock.js';
import { parseEntry, type Entry } from '../../emulator/code/entry.js';
import { parseQueue, type DevQueues } from './dev-queues.js';
import { CliError, usageError } from '../command.js';

const DEFAULT_PORT = 4510;

export const DEV_HELP = `yc-broadcast dev <entry>: runs a handler behind a local API Gateway

The gateway listens on 127.0.0.1 only. It calls the handler with the events
that the cloud would send, answers the connection management API, and refuses
what the cloud refuses. <entry> is a TypeScript or JavaScript file; file.ts#name
takes another export than 'handler'. The function runs in instances that share
no memory, as in the cloud, and is replaced when its source changes; sockets
stay open.

  --path <path>       WebSocket path, may be repeated     (default /ws)
  --spec <file>       the gateway's OpenAPI instead of paths; <entry> stands for
                      every function in it
  --port <number>     0 takes any free port, as is the default with --exec
                                                          (default ${DEFAULT_PORT})
  --exec <command>    run a shell command as soon as all is ready, then stop; it
                      finds the gateway in $YC_BROADCAST_URL (ws://…, without a
                      path) and $YC_BROADCAST_ENDPOINT. The log goes to stderr
  --tls-port <number> of gRPC and https, for other programs
                                                      (default any free port)
  --no-redirect       code that is written for the cloud goes to the cloud
  --static <folder>   pages to serve beside the gateway; not files with a
                      leading dot
  --allow-host <name> another host to be reached by, beside localhost: of a
                      tunnel, say. May be repeated; .example.com takes all
                      names that end with it
  --timeout <time>    longest time of a call: 10s, 1m     (default 10s)
  --memory <MB>       of an instance                      (default 128)
  --instances <n-m>   fewest and most; 1 means just one   (default 2-10)
  --concurrency <n>   calls at a time on an instance      (default 1)
  --requests <n>      calls at a time in all, then 429    (default 10)
  --store             a store in this gateway that all instances share;
                      ydbStore() finds it
  --queue <name>      a queue that <entry> reads; name=/path: its messages go to
                      the sockets of the path. May be repeated; messageQueue()
                      finds the first, messageQueue({ name }) each
  --batch <n>         most messages of a queue in one call  (default 1)
  --cutoff <time>     how long a batch waits to become full (default 10s)
  --max-receives <n>  then a message goes to the queue <name>-dead; without it
                      what fails comes back for ever
  --timer <time>      calls <entry> with a timer's event so often: 30s, 1m
  --cold <time>       what a cold start takes longer      (default 0ms)
  --freeze <time>     an instance stops so long after its last call, with what
                      was not awaited; off lets it run on (default 0ms)
  --no-watch          keep the code as it is
  --format <format>   of the log: text or json; json if $CI is set

Exit codes: 0 stopped by Ctrl-C, 1 it did not work, 2 wrong call; with --exec
that of the command.

Variables of .env and .env.local are set, unless the environment has them.

Examples
  yc-broadcast dev src/handler.ts
  yc-broadcast dev src/handler.ts#chat --path '/rooms/{room}' --static public
  yc-broadcast dev src/handler.ts --spec gateway.yaml --store
  yc-broadcast dev src/handler.ts --store --queue jobs --queue live=/ws
  yc-broadcast dev src/handler.ts --exec 'npx vitest run'
  yc-broadcast dev dist/handler.js --port 0 --format json | jq .reason
`;

export interface DevOptions extends DevQueues {
  readonly entry: Entry;
  readonly paths: readonly string[];
  readonly spec: string | undefined;
  readonly port: number;
  /** A shell command to run, and nothing after it. */
  readonly exec: string | undefined;
  readonly tlsPort: number;
  readonly redirect: boolean;
  readonly static: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly instances: { readonly min: number; readonly max: number };
  readonly concurrency: number;
  readonly requestsLimit: number;
  readonly coldStartMs: number;
  readonly freezeAfterMs: number | 'off';
  readonly store: boolean;
  /** Milliseconds. */
  readonly timerMs: number | undefined;
  readonly watch: boolean;
  readonly format: 'text' | 'json';
}

export function parseDevOptions(args: readonly string[]): DevOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      path: { type: 'string', multiple: true },
      spec: { type: 'string' },
      port: { type: 'string' },
      exec: { type: 'string' },
      'tls-port': { type: 'string', default: '0' },
      'no-redirect': { type: 'boolean', default: false },
      static: { type: 'string' },
      'allow-host': { type: 'string', multiple: true, default: [] },
      timeout: { type: 'string', default: '10s' },
      memory: { type: 'string', default: '128' },
      instances: { type: 'string', default: '2-10' },
      concurrency: { type: 'string', default: '1' },
      requests: { type: 'string', default: '10' },
      cold: { type: 'string', default: '0ms' },
      freeze: { type: 'string', default: '0ms' },
      store: { type: 'boolean', default: false },
      queue: { type: 'string', multiple: true, default: [] },
      batch: { type: 'string', default: '1' },
      cutoff: { type: 'string', default: '10s' },
      'max-receives': { type: 'string' },
      timer: { type: 'string' },
      'no-watch': { type: 'boolean', default: false },
      format: { type: 'string', default: isSet(process.env['CI']) ? 'json' : 'text' },
    },
  });
  if (values.format !== 'text' && values.format !== 'json') {
    throw usageError(`--format: expected text or json, got '${values.format}'`);
  }
  if (values.spec !== undefined && values.path !== undefined) {
    throw usageError('--spec defines the paths; omit --path');
  }
  return {
    entry: parseEntry(onlyOne(positionals)),
    paths: values.path ?? ['/ws'],
    spec: values.spec,
    port: portNumber('--port', values.port ?? (values.exec === undefined ? String(DEFAULT_PORT) : '0')),
    exec: values.exec,
    tlsPort: portNumber('--tls-port', values['tls-port']),
    redirect: !values['no-redirect'],
    static: values.static === undefined ? undefined : folder(values.static),
    allowedHosts: values['allow-host'],
    timeoutMs: duration('--timeout', values.timeout),
    memoryMb: wholeNumber('--memory', values.memory),
    instances: range('--instances', values.instances),
    concurrency: wholeNumber('--concurrency', values.concurrency),
    requestsLimit: wholeNumber('--requests', values.requests),
    coldStartMs: duration('--cold', values.cold),
    freezeAfterMs: values.freeze === 'off' ? 'off' : duration('--freeze', values.freeze),
    store: values.store,
    queues: values.queue.map(parseQueue),
    batchSize: wholeNumber('--batch', values.batch),
    cutoffMs: duration('--cutoff', values.cutoff),
    maxReceives:
      values['max-receives'] === undefined
        ? undefined
        : wholeNumber('--max-receives', values['max-receives']),
    timerMs: values.timer === undefined ? undefined : duration('--timer', values.timer),
    watch: !values['no-watch'],
    format: values.format,
  };
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== '' && variable !== '0' && variable !== 'false';
}

function onlyOne([entry, ...more]: readonly string[]): string {
  if (entry === undefined) throw usageError('missing <entry>; try: yc-broadcast dev handler.ts');
  if (more.length > 0) throw usageError(`expected one entry; unexpected argument '${more.join(' ')}'`);
  return entry;
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw usageError(`${option}: expected a whole number, got '${text}'`);
  return Number(text);
}

function portNumber(option: string, text: string): number {
  const port = wholeNumber(option, text);
  if (port > 65_535) throw usageError(`${option}: expected a port from 0 to 65535, got '${text}'`);
  return port;
}

function range(option: string, text: string): { readonly min: number; readonly max: number } {
  const [, min, max = min] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (min === undefined)
    throw usageError(`${option}: expected a number or a range such as 2-4, got '${text}'`);
  return { min: Number(min), max: Number(max) };
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
