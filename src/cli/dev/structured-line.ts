import type { Palette } from '../terminal/palette.js';

/**
 * A line of the platform's structured logs, as the cloud would take it: level, message, what else there is.
 */
export interface StructuredLine {
  readonly level: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** What has a value of its own, as `name=value`, in the order of the line. */
  readonly fields: readonly string[];
}

/** What a message that was meant for people says already, or what tells nothing here. */
const LEFT_OUT = new Set(['level', 'message', 'msg', 'stack', 'stream_name', 'line']);

/** Reads a line that is a JSON object with `message` or `msg`; any other is `undefined`. */
export function parseStructuredLine(text: string): StructuredLine | undefined {
  if (!text.startsWith('{')) return undefined;
  const line = parseObject(text);
  const message = line?.['message'] ?? line?.['msg'];
  if (line === undefined || typeof message !== 'string') return undefined;
  const { level, stack } = line;
  return {
    level: typeof level === 'string' ? level.toUpperCase() : '',
    message,
    stack: typeof stack === 'string' ? stack : undefined,
    fields: Object.entries(line)
      .filter(isShown)
      .map(([name, value]) => `${name}=${plain(value)}`),
  };
}

/**
 * The line for a terminal: level, message, then as many fields as there is room for, and a stack below.
 * Without a width, as in a file, all fields are there.
 */
export function formatStructuredLine(paint: Palette, line: StructuredLine, columns: number): string {
  const { level, message, fields, stack } = line;
  const shown = fitting(fields, columns - `${level.padEnd(5)} ${message}`.length);
  const first = [
    paint(styleOf(level), level.padEnd(5)),
    message,
    ...shown.map((text) => paint('dim', text)),
  ].join(' ');
  return stack === undefined
    ? first
    : [first, ...stack.split('\n').map((frame) => paint('dim', frame))].join('\n');
}

/** The first fields that there is room for, and a sign when there are more. */
function fitting(fields: readonly string[], room: number): readonly string[] {
  let left = room;
  const count = fields.findIndex((field) => (left -= field.length + 1) < ' …'.length);
  return count === -1 ? fields : [...fields.slice(0, count), ...(room < ' …'.length ? [] : ['…'])];
}

function styleOf(level: string): 'red' | 'yellow' | 'dim' | 'green' {
  if (level === 'ERROR' || level === 'FATAL') return 'red';
  if (level === 'WARN') return 'yellow';
  return level === 'INFO' ? 'green' : 'dim';
}

function isShown([name, value]: [string, unknown]): boolean {
  return !LEFT_OUT.has(name) && value !== null;
}

function plain(value: unknown): string {
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
