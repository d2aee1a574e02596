import { readFileSync } from 'node:fs';
import type { Broadcaster, Target, SendOptions, SendReport } from '../../index.js';
import { CliError, usageError, type Command } from '../command.js';
import { flagsHelp, one, parseFlags, toggle } from '../flags/flags.js';
import { duration, format, text } from '../flags/values.js';
import { parseEntry, type CodeEntry } from '../../emulator/code/entry.js';
import { loadBroadcaster } from './load-broadcaster.js';
import { paletteFor } from '../terminal/palette.js';
import { createProgressLine } from '../terminal/progress-line.js';
import { forecastText, reportText } from './report-text.js';
import { stopSignal } from '../terminal/stop-signal.js';

const FLAGS = {
  type: one(text('<type>'), 'type of the message, checked against the contract'),
  data: one(text('<JSON>'), 'its data (default null)'),
  text: one(text('<text>'), 'raw text instead, without type and id'),
  file: one(text('<file>'), 'raw bytes instead, as a binary frame'),
  forecast: toggle('print a forecast, send nothing (with --type)'),
  within: one(duration, 'time limit: 30s, 5m'),
  resume: one(text('<cursor>'), 'continue where a broadcast stopped; omit <audience>'),
  format: one(format, 'of the report: text or json (default text)'),
};

const HELP = `yc-broadcast broadcast <entry> <audience>: sends one message and prints the
report

<entry> is a file that exports an app or a broadcaster; file.ts#name selects
an export other than 'broadcaster' or 'app'. Its store and transport are used.
<audience> is room:NAME, user:NAME, connection:ID or all.

${flagsHelp(FLAGS)}

Ctrl-C stops it and prints the cursor to resume from.
Exit codes: 0 all recipients were tried, 1 it failed, 2 wrong call, 3 it stopped
before all recipients were tried.

Examples
  yc-broadcast broadcast src/app.ts room:news --type headline --data '{"a":1}'
  yc-broadcast broadcast src/app.ts all --type headline --data '{}' --forecast
  yc-broadcast broadcast src/app.ts#ops user:42 --text 'log in again'
`;

export const broadcast: Command = {
  help: HELP,
  run: async (args) => runBroadcast(parseBroadcastOptions(args)),
};

interface BroadcastOptions {
  readonly entry: CodeEntry;
  readonly audience: (broadcaster: Broadcaster) => Target;
  readonly message: Message;
  readonly isForecast: boolean;
  readonly withinMs: number | undefined;
  readonly format: 'text' | 'json' | undefined;
}

type Message =
  { readonly type: string; readonly data: unknown } | { readonly text: string } | { readonly file: string };

function parseBroadcastOptions(args: readonly string[]): BroadcastOptions {
  const { flags, words } = parseFlags(FLAGS, args);
  const [entry, audience, ...more] = words;
  if (entry === undefined) throw usageError('missing <entry>; see yc-broadcast broadcast --help');
  if (more.length > 0) throw usageError(`expected one audience; unexpected argument '${more.join(' ')}'`);
  const message = parseMessage(flags);
  if (flags.forecast && !('type' in message)) throw usageError('--forecast needs a message with --type');
  return {
    entry: parseEntry(entry),
    audience: parseAudience(audience, flags.resume),
    message,
    isForecast: flags.forecast,
    withinMs: flags.within,
    format: flags.format,
  };
}

function parseMessage({
  type,
  data,
  text,
  file,
}: Partial<Record<'type' | 'data' | 'text' | 'file', string | undefined>>): Message {
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
    throw usageError(`--data: not valid JSON: ${text.slice(0, 40)}`);
  }
}

function parseAudience(
  audience: string | undefined,
  cursor: string | undefined,
): (broadcaster: Broadcaster) => Target {
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

async function runBroadcast(options: BroadcastOptions): Promise<number> {
  const { message, format, isForecast } = options;
  const broadcaster = await loadBroadcaster(options.entry);
  try {
    const target = options.audience(broadcaster);
    const deadline = options.withinMs === undefined ? undefined : Date.now() + options.withinMs;
    if (isForecast && 'type' in message) {
      const forecast = await target.forecast(message.type, message.data, { deadline });
      process.stdout.write(format === 'json' ? `${JSON.stringify(forecast)}\n` : forecastText(forecast));
      return 0;
    }
    const report = await watched(target, message, deadline);
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
async function watched(target: Target, message: Message, deadline: number | undefined): Promise<SendReport> {
  const stop = new AbortController();
  void stopSignal().then(() => {
    stop.abort();
  });
  const line = createProgressLine(process.stderr);
  try {
    return await begin(target, message, { deadline, signal: stop.signal, onProgress: line?.show });
  } finally {
    line?.clear();
  }
}

function begin(target: Target, message: Message, options: SendOptions): Promise<SendReport> {
  if ('type' in message) return target.send(message.type, message.data, options);
  return target.sendRaw('text' in message ? message.text : readBytes(message.file), options);
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch {
    throw new CliError(`--file: '${file}' cannot be read`);
  }
}
