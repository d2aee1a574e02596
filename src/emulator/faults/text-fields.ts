/** How each field of a fault is written: `delay=1s500ms` for `delayMs: 1500`. */
import { parseDuration } from '../clock.js';

interface FieldFormat {
  /** Its name in the code form. */
  readonly key: string;
  readonly expected: string;
  /** `undefined` when the text is none. Whether the value fits the point is for the fault's schema to say. */
  readonly parse: (text: string) => unknown;
  readonly format: (value: unknown) => string;
}

export const FIELDS = {
  status: {
    key: 'status',
    expected: 'a status from 400 to 599, or another answer of that point',
    parse: (text) => wholeNumber(text) ?? word(text),
    format: String,
  },
  effect: { key: 'effect', expected: 'a word', parse: word, format: String },
  delay: {
    key: 'delayMs',
    expected: 'a time such as 500ms, 2s or 1m',
    // A bare number would leave open whether it means seconds or milliseconds.
    parse: (text) => parseDuration(text),
    format: (ms) => formatDuration(Number(ms)),
  },
  'retry-after': {
    key: 'retryAfterSeconds',
    expected: 'a time in whole seconds, such as 2s',
    parse: (text) => {
      const ms = parseDuration(text);
      return ms === undefined || ms === 0 || ms % 1000 !== 0 ? undefined : ms / 1000;
    },
    format: (seconds) => `${String(seconds)}s`,
  },
  rate: { key: 'rate', expected: 'a share such as 0.2 or 20%', parse: share, format: String },
  times: { key: 'times', expected: 'a whole number', parse: wholeNumber, format: String },
  connection: { key: 'connection', expected: 'the id of a connection', parse: word, format: String },
  name: { key: 'queue', expected: 'the name of a queue', parse: word, format: String },
  path: { key: 'path', expected: "a path, which begins with '/'", parse: word, format: String },
} as const satisfies Readonly<Record<string, FieldFormat>>;

export type TextField = keyof typeof FIELDS;

function word(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function wholeNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function formatDuration(ms: number): string {
  return ms % 1000 === 0 && ms > 0 ? `${ms / 1000}s` : `${ms}ms`;
}

function share(text: string): number | undefined {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (percent !== undefined) return Number(percent) / 100;
  return /^\d*\.?\d+$/.test(text) ? Number(text) : undefined;
}
