/**
 * From the flags of `dev` to what `startEmulator` takes. What was not given is not passed on: the defaults
 * are its own.
 */
import { join } from 'node:path';
import { outputFolder } from '../../emulator/code/compiler.js';
import { parseEntry, type CodeEntry } from '../../emulator/code/entry.js';
import type { EmulatorOptions, FunctionSource } from '../../emulator/index.js';
import { usageError } from '../command.js';
import { parseFlags } from '../flags/flags.js';
import { DEFAULT_PORT, DEV_FLAGS, type DevFlags } from './dev-flags.js';
import { queueOptionsOf } from './dev-queues.js';

export interface DevOptions {
  readonly emulator: EmulatorOptions;
  /** The function, or all of them; empty when the specification has none. */
  readonly sources: readonly FunctionSource[];
  /** A shell command to run, and nothing after it. */
  readonly exec: string | undefined;
  readonly format: 'text' | 'json';
}

const PATHS = ['/ws'];

export function parseDevOptions(args: readonly string[]): DevOptions {
  const { flags, words } = parseFlags(DEV_FLAGS, args);
  const entry = entryOf(flags, words);
  const only = entry === undefined ? undefined : sourceOf(entry, flags);
  const functions = new Map(
    flags.function?.map(({ id, entry: { written } }) => [id, sourceOf(written, flags)]),
  );
  const [first] = functions.size === 1 ? functions.values() : [only];
  if (flags.timer !== undefined && first === undefined)
    throw usageError('--timer calls <entry>; give one, or a single --function');
  return {
    emulator: {
      ...placesOf(flags, only, functions),
      port: flags.port ?? (flags.exec === undefined ? DEFAULT_PORT : 0),
      ...listenersOf(flags, entry ?? flags.function?.[0]?.entry.written),
      timeoutMs: flags.timeout,
      memoryMb: flags.memory,
      static: flags.static,
      allowedHosts: flags['allow-host'],
      messageOrder: flags.order,
      requestIds: flags['request-ids'],
      disconnectAttempts: flags['disconnect-attempts'],
      store: flags.store,
      profile: flags.profile,
      ...queueOptionsOf(flags, first, new Set(functions.keys())),
      timers:
        flags.timer === undefined || first === undefined ? [] : [{ every: flags.timer, function: first }],
    },
    sources: only === undefined ? [...functions.values()] : [only],
    exec: flags.exec,
    format: flags.format ?? (isSet(process.env['CI']) ? 'json' : 'text'),
  };
}

/** The one entry, as it was written; `undefined` where a specification does without. */
function entryOf(flags: DevFlags, [entry, ...more]: readonly string[]): string | undefined {
  if (flags.spec !== undefined && flags.path !== undefined)
    throw usageError('--spec defines the paths; omit --path');
  if (flags.function !== undefined && flags.spec === undefined)
    throw usageError('--function goes with --spec, which names functions by their ids');
  if (flags.function !== undefined && entry !== undefined)
    throw usageError('--function stands in for <entry>; leave one of them out');
  if (more.length > 0) throw usageError(`expected one entry; unexpected argument '${more.join(' ')}'`);
  if (entry === undefined && flags.spec === undefined)
    throw usageError('missing <entry>; try: yc-broadcast dev handler.ts');
  if (entry !== undefined) parseEntry(entry);
  return entry;
}

function sourceOf(entry: string, flags: DevFlags): FunctionSource {
  return {
    entry,
    instances: flags.instances,
    concurrency: flags.concurrency,
    requestsLimit: flags.requests,
    coldStartMs: flags.cold,
    freezeAfterMs: flags.freeze,
    envFiles: ['.env', '.env.local'],
    watch: !flags['no-watch'],
  };
}

function placesOf(
  { spec, path: paths = PATHS }: DevFlags,
  only: FunctionSource | undefined,
  functions: ReadonlyMap<string, FunctionSource>,
): Pick<EmulatorOptions, 'routes' | 'spec' | 'functions'> {
  if (spec !== undefined) return { spec, functions: only ?? Object.fromEntries(functions) };
  return only === undefined ? {} : { routes: Object.fromEntries(paths.map((path) => [path, only])) };
}

function listenersOf(
  flags: DevFlags,
  written: string | undefined,
): Pick<EmulatorOptions, 'tls' | 'redirect'> {
  const tlsPort = flags['tls-port'] ?? 0;
  const redirect = !flags['no-redirect'];
  return {
    tls: redirect || tlsPort > 0 ? { port: tlsPort } : false,
    redirect: redirect && { folder: outputFolder(beside(written)) },
  };
}

/** Where to keep what belongs to the project: beside the entry, or else here. */
function beside(written: string | undefined): Pick<CodeEntry, 'file'> {
  return written === undefined ? { file: join(process.cwd(), 'package.json') } : parseEntry(written);
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== '' && variable !== '0' && variable !== 'false';
}
