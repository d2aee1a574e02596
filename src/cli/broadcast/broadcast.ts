import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseDuration } from '../../emulator/clock.js';
import type { Broadcaster, Plan, SendOptions, SendReport } from '../../index.js';
import { CliError, usageError, type Command } from '../command.js';
import { parseEntry, type Entry } from '../../emulator/code/entry.js';
import { loadBroadcaster } from './load-broadcaster.js';
import { paletteFor } from '../terminal/palette.js';
import { createProgressLine } from '../terminal/progress-line.js';
import { forecastText, reportText } from './report-text.js';
import { stopSignal } from '../terminal/stop-signal.js';

const HELP = `yc-broadcast broadcast <entry> <audience>: sends one message and prints the
report

<entry> is a file that exports an app or a broadcaster; file.ts#name selects
an export other than 'broadcaster' or 'app'. Its store and transport are used. <audience> is room:NAME, user:NAME,
connection:ID or all.

  --type <type>     type of the message, checked against the contract
  --data <JSON>     its data                               (default null)
  --text <text>     raw text instead, without type and id
  --file <file>     raw bytes instead, as a binary frame
  --plan            print a forecast, send nothing (with --type)
  --within <time>   time limit: 30s, 5m
  --resume <cursor> continue where a broadcast stopped; omit <audience>
  --format <format> of the report: text or json            (default text)

Ctrl-C stops it and prints the cursor to resume from.
Exit codes: 0 all recipients were tried, 1 it failed, 2 wrong usage, 3 it stopped
before all recipients were tried.

Examples
  yc-broadcast broadcast src/app.ts room:news --type headline --data '{"a":1}'
  yc-broadcast broadcast src/app.ts all --type headline --data '{}' --plan
  yc-broadcast broadcast src/app.ts#ops user:42 --text 'log in again'
`;

export const broadcast: Command = {
  help: HELP,
  run: async (args) => runBroadcast(parseBroadcastOptions(args)),
};

interface BroadcastOptions {
  readonly entry: Entry;
  readonly audience: (broadcaster: Broadcaster) => Plan;
  readonly message: Message;
  readonly isPlan: boolean;
  readonly withinMs: number | undefined;
  readonly format: 'text' | 'json';
}

type Message =
  { readonly type: string; readonly data: unknown } | { readonly text: string } | { readonly file: string };

function parseBroadcastOptions(args: readonly string[]): BroadcastOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      type: { type: 'string' },
      data: { type: 'string' },
      text: { type: 'string' },
      file: { type: 'string' },
      plan: { type: 'boolean', default: false },
      within: { type: 'string' },
      resume: { type: 'string' },
      format: { type: 'string', default: 'text' },
    },
  });
  const [entry, audience, ...more] = positionals;
  if (entry === undefined) throw usageError('missing <entry>; see yc-broadcast broadcast --help');
  if (more.length > 0) throw usageError(`expected one audience; unexpected argument '${more.join(' ')}'`);
  if (values.format !== 'text' && values.format !== 'json') {
    throw usageError(`--format: expected text or json, got '${values.format}'`);
  }
  const message = parseMessage(values);
  if (values.plan && !('type' in message)) throw usageError('--plan needs a message with --type');
  return {
    entry: parseEntry(entry),
    audience: parseAudience(audience, values.resume),
    message,
    isPlan: values.plan,
    withinMs: parseWithin(values.within),
    format: values.format,
  };
}

function parseMessage({
  type,
  data,
  text,
  file,
}: Partial<Record<'type' | 'data' | 'text' | 'file', string>>): Message {
  const given = [type, text, file].filter((one) => one !== undefined);
  if (given.length !== 1) throw usageError('missing message; give one of --type, --text and --file');
  if (data !== undefined && type === undefined) throw usageError('--data requires --type');
  if (text !== undefined) return { text };
  if (file !== undefined) return { file };
  return { type: type ?? '', data: parseData(data ?? 'null') };
}

function parseData(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(`--data: is not JSON: ${text.slice(0, 40)}`);
  }
}

function parseAudience(
  audience: string | undefined,
  cursor: string | undefined,
): (broadcaster: Broadcaster) => Plan {
  if (cursor !== undefined) {
    if (audience !== undefined) throw usageError('--resume already determines the audience; omit <audience>');
    return (broadcaster) => broadcaster.resume(cursor);
  }
  if (audience === 'all') return (broadcaster) => broadcaster.toAll();
  const [, kind, name] = /^(room|user|connection):(.+)$/s.exec(audience ?? '') ?? [];
  if (name === undefined)
    throw usageError('missing <audience>; expected room:NAME, user:NAME, connection:ID or all');
  return (broadcaster) => {
    if (kind === 'room') return broadcaster.to(name);
    return kind === 'user' ? broadcaster.toUser(name) : broadcaster.toConnection(name);
  };
}

function parseWithin(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined) throw usageError(`--within: expected a time such as 30s or 5m, got '${text}'`);
  return ms;
}

async function runBroadcast(options: BroadcastOptions): Promise<number> {
  const { message, format, isPlan } = options;
  const broadcaster = await loadBroadcaster(options.entry);
  try {
    const plan = options.audience(broadcaster);
    const deadline = options.withinMs === undefined ? undefined : Date.now() + options.withinMs;
    if (isPlan && 'type' in message) {
      const forecast = await plan.forecast(message.type, message.data, { deadline });
      process.stdout.write(format === 'json' ? `${JSON.stringify(forecast)}\n` : forecastText(forecast));
      return 0;
    }
    const report = await watched(plan, message, deadline);
    const text =
      format === 'json' ? `${JSON.stringify(report)}\n` : reportText(report, paletteFor(process.stdout));
    process.stdout.write(text);
    return report.kind === 'dispatched' || report.complete ? 0 : 3;
  } finally {
    await broadcaster.transport.close();
    await broadcaster.store.close?.();
  }
}

/** Sends, with a line on stderr that says how far it is, until it has ended or Ctrl-C is pressed. */
async function watched(plan: Plan, message: Message, deadline: number | undefined): Promise<SendReport> {
  const stop = new AbortController();
  void stopSignal().then(() => {
    stop.abort();
  });
  const line = createProgressLine(process.stderr);
  try {
    return await begin(plan, message, { deadline, signal: stop.signal, onProgress: line?.show });
  } finally {
    line?.clear();
  }
}

function begin(plan: Plan, message: Message, options: SendOptions): Promise<SendReport> {
  if ('type' in message) return plan.send(message.type, message.data, options);
  return plan.sendRaw('text' in message ? message.text : readBytes(message.file), options);
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch {
    throw new CliError(`--file: '${file}' cannot be read`);
  }
}
