/** Values that nobody well-meaning sends, the same ones for the same seed. */
import { createRandom } from '../random.js';

export interface Garbage {
  /** From 0 up to, but without, `end`. */
  below(end: number): number;
  /** True in that share of cases. */
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  bytes(maxBytes: number): Buffer;
  /** Text out of odd pieces: encodings, controls, names that every object has, halves of other values. */
  text(): string;
  /** For one line of a head: no line ends, and nothing beyond Latin-1. */
  line(): string;
  /** Anything that JSON can hold, or nearly so. */
  json(depth?: number): unknown;
}

const PIECES = [
  '',
  'a',
  '/',
  '..',
  '%',
  '%2e',
  '%00',
  '%ff',
  '%E0%A4%A',
  '{id}',
  '{',
  '+}',
  '?',
  '&&=',
  '#',
  '\\',
  ' ',
  '\t',
  '\0',
  '\u001b[2J',
  'é',
  '\u{1F600}',
  '\ud800',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'NaN',
  '-1',
  '1e999',
  '99999999999999999999',
  '[',
  ']',
  '"',
  "'",
  ';',
  ',',
  ':',
  '@',
  'x'.repeat(300),
] as const;

const SCALARS = [null, true, false, 0, -1, 1.5, 2 ** 53, 1e308, '', [], {}] as const;
const FIELDS = [
  'S',
  'N',
  'L',
  'M',
  'p',
  's',
  'id',
  'text',
  'length',
  'toJSON',
  'then',
  'constructor',
  '__proto__',
];

export function createGarbage(seed: number): Garbage {
  const random = createRandom(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const pick = <T>(from: readonly T[]): T => {
    const chosen = from[below(from.length)];
    if (chosen === undefined && from.length === 0) throw new Error('nothing to pick from');
    return chosen as T;
  };
  const text = (): string => Array.from({ length: 1 + below(4) }, () => pick(PIECES)).join('');

  function json(depth = 3): unknown {
    const kind = depth === 0 ? 0 : below(4);
    if (kind === 0) return pick(SCALARS);
    if (kind === 1) return text();
    if (kind === 2) return Array.from({ length: below(4) }, () => json(depth - 1));
    // `fromEntries` makes a property of `__proto__`, as `JSON.parse` does.
    return Object.fromEntries(Array.from({ length: below(4) }, () => [pick(FIELDS), json(depth - 1)]));
  }

  return {
    below,
    chance: (share) => random() < share,
    pick,
    bytes: (maxBytes) => Buffer.from(Array.from({ length: below(maxBytes + 1) }, () => below(256))),
    text,
    line: () => text().replace(/[^ -~\xa0-\xff]/g, '~'),
    json,
  };
}
