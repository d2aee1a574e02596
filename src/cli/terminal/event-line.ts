import type { TimelineEntry } from '../../emulator/index.js';
import type { Palette } from './palette.js';
import { printable } from './printable.js';

const LABELS: Readonly<Record<TimelineEntry['type'], string>> = {
  connect: '→ CONNECT',
  message: '→ MESSAGE',
  disconnect: '→ DISCONNECT',
  send: '← SEND',
  get: '← GET',
  kick: '← KICK',
  close: '✖ CLOSE',
  http: '→ HTTP',
  queue: '→ QUEUE',
  trigger: '→ TRIGGER',
  exit: '✖ INSTANCE',
  unawaited: '⚠ UNAWAITED',
  reload: '⟳ RELOAD',
  notice: '⚠ NOTICE',
};

/** One event as one line: when, what, on which connection, how it ended, how long it took, and why. */
export function formatEntry(paint: Palette): (entry: TimelineEntry) => string {
  return (given) => {
    const entry = withPrintableTexts(given);
    const columns = [
      paint('dim', timeOf(entry.at)),
      LABELS[entry.type].padEnd(12),
      shortId(entry.connectionId).padEnd(5),
      paint(statusStyle(entry), String(entry.status ?? '').padEnd(4)),
      durationOf(entry).padStart(7),
      detailsOf(entry, paint),
    ];
    return columns.join(' ').trimEnd();
  };
}

/** What clients and functions have written is never sent to a terminal as it is. */
function withPrintableTexts(entry: TimelineEntry): TimelineEntry {
  const texts = Object.entries(entry).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? printable(value) : value,
  ]);
  return Object.fromEntries(texts) as TimelineEntry;
}

/** One event as one line of JSON, for other programs. */
export function jsonEntry(entry: TimelineEntry): string {
  return JSON.stringify(entry);
}

function timeOf(at: number): string {
  const time = new Date(at);
  const [hours, minutes, seconds] = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${hours}:${minutes}:${seconds}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** The end of an id tells connections apart as well as the whole of it. */
function shortId(id: string | undefined): string {
  return id === undefined ? '' : `…${id.slice(-4)}`;
}

function statusStyle({ level }: TimelineEntry): 'green' | 'yellow' | 'red' {
  if (level === 'error') return 'red';
  return level === 'warning' ? 'yellow' : 'green';
}

function durationOf({ durationMs }: TimelineEntry): string {
  return durationMs === undefined
    ? ''
    : `${durationMs < 10 ? durationMs.toFixed(1) : Math.round(durationMs)} ms`;
}

function detailsOf(entry: TimelineEntry, paint: Palette): string {
  const { type, method, path, bytes, frame, replyBytes = 0, reason, fault } = entry;
  const parts = [
    ...instanceOf(entry),
    ...(type === 'connect' && path !== undefined ? [path] : []),
    ...(type === 'http' ? [`${method ?? ''} ${path ?? ''}`.trim()] : []),
    ...queueOf(entry),
    ...(bytes === undefined ? [] : [`${bytes} B ${frame ?? ''}`.trimEnd()]),
    ...(replyBytes === 0
      ? []
      : [type === 'connect' ? `first message ${replyBytes} B` : `reply ${replyBytes} B`]),
    ...(reason === undefined ? [] : [paint(statusStyle(entry), reason)]),
    ...(fault === undefined ? [] : [paint('yellow', `fault ${fault}`)]),
  ];
  return parts.join('  ');
}

function queueOf({ queue, messages, path }: TimelineEntry): string[] {
  if (queue === undefined) return [];
  const count = messages === undefined ? '' : ` ${messages} ${messages === 1 ? 'message' : 'messages'}`;
  return [`${queue}${path === undefined ? '' : ` → ${path}`}${count}`];
}

function instanceOf({ instance, coldMs, durationMs, generation }: TimelineEntry): string[] {
  if (generation !== undefined) return [`generation ${generation}`];
  if (instance === undefined) return [];
  if (coldMs !== undefined) return [`#${instance} cold ${Math.round(coldMs)}ms`];
  return [durationMs === undefined ? `#${instance}` : `#${instance} warm`];
}
