import type { Palette } from '../terminal/palette.js';
import { wrapped } from '../terminal/wrapped.js';
import type { Finding } from './finding.js';

const SUBJECT_WIDTH = 14;
const INDENT = ' '.repeat(4 + SUBJECT_WIDTH);
const WIDTH = 80 - INDENT.length;

const MARKS = { ok: ['green', '✓'], warning: ['yellow', '!'], failure: ['red', '✗'] } as const;

/** A finding for people: what, how it is, and what to do, within 80 columns. */
export function findingText({ subject, level, detail, remedy }: Finding, paint: Palette): string {
  const [style, mark] = MARKS[level];
  const lines = [...wrapped(detail, WIDTH), ...(remedy === undefined ? [] : wrapped(`→ ${remedy}`, WIDTH))];
  const [first = '', ...rest] = lines;
  return [
    `  ${paint(style, mark)} ${subject.padEnd(SUBJECT_WIDTH)}${first}`,
    ...rest.map((line) => INDENT + line),
  ].join('\n');
}

/** The last line. */
export function verdict(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number =>
    findings.filter((finding) => finding.level === level).length;
  const [failures, warnings] = [count('failure'), count('warning')];
  if (failures > 0) return `${failures} of ${findings.length} checks failed.`;
  return warnings > 0 ? 'Everything works; see the warnings.' : 'All is well.';
}
