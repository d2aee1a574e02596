import { CASES, consequenceOf, type CaseResult } from '../../conformance/index.js';
import type { Palette } from '../terminal/palette.js';
import { wrapped } from '../terminal/wrapped.js';

const MARKS = {
  'as assumed': ['green', '✓'],
  differs: ['yellow', '≠'],
  failed: ['red', '✗'],
  skipped: ['dim', '-'],
} as const;

const ID_WIDTH = 32;
const INDENT = ' '.repeat(4 + ID_WIDTH);
const WIDTH = 80 - INDENT.length;

/** A result within 80 columns; what differs says what follows. */
export function resultText(result: CaseResult, paint: Palette): string {
  const [style, mark] = MARKS[result.outcome];
  const [first = '', ...rest] = textsOf(result).flatMap((text) => wrapped(text, WIDTH));
  const head = `  ${paint(style, mark)} ${result.id.padEnd(ID_WIDTH)}${first}`;
  return [head, ...rest.map((line) => INDENT + line)].join('\n');
}

function textsOf(result: CaseResult): string[] {
  if (!('seen' in result)) return [result.reason];
  const { seen, id, outcome } = result;
  const found = CASES.find((one) => one.id === id);
  if (outcome === 'as assumed' || found === undefined) return [seen];
  return [`${seen}; assumed: ${found.assumed}`, `→ ${consequenceOf(found, seen)}`];
}

export function summary(results: readonly CaseResult[]): string {
  const count = (outcome: CaseResult['outcome']): number =>
    results.filter((one) => one.outcome === outcome).length;
  const parts = (['as assumed', 'differs', 'failed', 'skipped'] as const)
    .map((outcome) => [outcome, count(outcome)] as const)
    .filter(([outcome, number]) => number > 0 || outcome === 'as assumed')
    .map(([outcome, number]) => `${number} ${outcome === 'differs' ? 'different' : outcome}`);
  return `${parts.join(', ')}.`;
}
