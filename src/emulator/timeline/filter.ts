/** The words in which the inspector and `tail` ask for a part of the timeline. */
import { BroadcastError } from '../../base/errors.js';
import type { TimelineEntry } from './timeline.js';

type Test = (entry: TimelineEntry) => boolean;

/**
 * Reads a filter such as `type:send status:>=400 conn:*b04b`. All terms have to hold; `-` before one turns it
 * round; a word without a key is looked for in the reason. `undefined` when there are no terms. Throws
 * `INVALID_OPTIONS` that names the key.
 */
export function parseTimelineFilter(text: string): Test | undefined {
  const terms = text.split(/\s+/).filter((term) => term !== '');
  if (terms.length === 0) return undefined;
  const tests = terms.map(parseTerm);
  return (entry) => tests.every((test) => test(entry));
}

function parseTerm(term: string): Test {
  if (term.startsWith('-') && term.length > 1) {
    const test = parseTerm(term.slice(1));
    return (entry) => !test(entry);
  }
  const [, key, value = ''] = /^([a-z]+):(.*)$/i.exec(term) ?? [];
  if (key === undefined) return ({ reason = '' }) => contains(reason, term);
  const make = KEYS[key.toLowerCase()];
  if (make !== undefined) return make(value);
  throw problem(`there is no key '${key}', only ${Object.keys(KEYS).join(', ')}`);
}

/** What each key compares. `status` is one of HTTP, `code` that of a close. */
const KEYS: Readonly<Record<string, (value: string) => Test>> = {
  type: (value) => {
    const types = new Set(value.toLowerCase().split(','));
    return ({ type }) => types.has(type);
  },
  status: (value) => {
    const holds = comparison(value, 'status');
    return ({ type, status }) => type !== 'close' && status !== undefined && holds(status);
  },
  code: (value) => {
    const holds = comparison(value, 'code');
    return ({ type, status }) => type === 'close' && status !== undefined && holds(status);
  },
  ms: (value) => {
    const holds = comparison(value, 'ms');
    return ({ durationMs }) => durationMs !== undefined && holds(durationMs);
  },
  conn: (value) => {
    const matches = wildcard(value.includes('*') ? value : `*${value}`);
    return ({ connectionId }) => connectionId !== undefined && matches(connectionId);
  },
  path: (value) => {
    const matches = wildcard(value);
    return ({ path }) => path !== undefined && matches(path);
  },
  queue: (value) => {
    const matches = wildcard(value);
    return (entry) => entry.queue !== undefined && matches(entry.queue);
  },
  fault: (value) => {
    return ({ fault }) => fault !== undefined && contains(fault, value);
  },
  via: (value) => (entry) => entry.via?.toLowerCase() === value.toLowerCase(),
  level: (value) => {
    const least = LEVELS.indexOf(value.toLowerCase());
    if (least === -1) throw problem(`level: expected ${LEVELS.join(', ')}, got '${value}'`);
    return ({ level }) => LEVELS.indexOf(level) >= least;
  },
};

/** From the least to the most serious; a filter for one takes in those above it. */
const LEVELS: readonly string[] = ['info', 'warning', 'error'];

function comparison(text: string, key: string): (value: number) => boolean {
  const [, operator = '=', digits] = /^(>=|<=|>|<|=)?(\d+)$/.exec(text) ?? [];
  if (digits === undefined) throw problem(`${key}: expected a number such as 404 or >=400, got '${text}'`);
  const bound = Number(digits);
  if (operator === '>=') return (value) => value >= bound;
  if (operator === '<=') return (value) => value <= bound;
  if (operator === '>') return (value) => value > bound;
  if (operator === '<') return (value) => value < bound;
  return (value) => value === bound;
}

function wildcard(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 'i');
  return (text) => expression.test(text);
}

function contains(text: string, word: string): boolean {
  return text.toLowerCase().includes(word.toLowerCase());
}

function problem(message: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `filter: ${message}`);
}
