import { BroadcastError } from '../../base/errors.js';

/** The platform's levels, the least important first. */
export const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
/** Levels of the platform's logs (documented). */
export type LogLevel = (typeof LEVELS)[number];

/** Fields of a line, by their names. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes lines of the platform's structured logs. Whatever is in `fields` is searchable as
 * `json_payload.<name>`.
 */
export type Logger = Readonly<Record<Lowercase<LogLevel>, (message: string, fields?: LogFields) => void>> & {
  log(level: LogLevel, message: string, fields?: LogFields): void;
};

export interface LoggerOptions {
  /** Less important lines are not written. */
  readonly level: LogLevel;
  readonly streamName: string | undefined;
  readonly fields: (() => LogFields) | undefined;
  readonly write: (line: string) => void;
}

/** A longer line would not be read as JSON. Documented. */
const MAX_LINE_BYTES = 64 * 1024;
const MAX_MESSAGE_LENGTH = 4000;

export function createLogger({ level: least, streamName, fields: common, write }: LoggerOptions): Logger {
  function log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    const head = { level, message: message.slice(0, MAX_MESSAGE_LENGTH), stream_name: streamName };
    const line = textOf({ ...common?.(), ...fields, ...head });
    // What makes it too long, or cannot be written, is in what the caller gave.
    write(
      line !== undefined && Buffer.byteLength(line) <= MAX_LINE_BYTES
        ? line
        : JSON.stringify({ ...head, cut: true }),
    );
  }

  return {
    log,
    trace: (message, fields) => {
      log('TRACE', message, fields);
    },
    debug: (message, fields) => {
      log('DEBUG', message, fields);
    },
    info: (message, fields) => {
      log('INFO', message, fields);
    },
    warn: (message, fields) => {
      log('WARN', message, fields);
    },
    error: (message, fields) => {
      log('ERROR', message, fields);
    },
    fatal: (message, fields) => {
      log('FATAL', message, fields);
    },
  };
}

/** One line: line breaks are escaped in JSON. `undefined` for what JSON cannot say. */
function textOf(line: LogFields): string | undefined {
  try {
    return JSON.stringify(line, (_name, value: unknown) => writable(value));
  } catch {
    return undefined;
  }
}

/** Errors have nothing of their own that JSON would show, and big integers are refused. */
function writable(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  return value instanceof BroadcastError ? { name: value.name, code: value.code } : { name: value.name };
}
