import type { Palette } from '../terminal/palette.js';
import type { Finding } from './finding.js';

const WIDTH = 80;
const SUBJECT_WIDTH = 14;
const INDENT = ' '.repeat(4 + SUBJECT_WIDTH);

const MARKS = { ok: ['green', '✓'], warning: ['yellow', '!'], failure: ['red', '✗'] } as const;

/** A finding for people: what, how it is, and what to do, within 80 columns. */
export function findingText({ subject, level, detail, remedy }: Finding, paint: Palette): string {
  const [style, mark] = MARKS[level];
  const lines = [...wrapped(detail), ...(remedy === undefined ? [] : wrapped(`→ ${remedy}`))];
  const [first = '', ...rest] = lines;
  return [
    `  ${paint(style, mark)} ${subject.padEnd(SUBJECT_WIDTH)}${first}`,
    ...rest.map((line) => INDENT + line),
  ].join('\n');
}

/** Breaks between words; a word that is longer than a line, such as a path, goes on in the next. */
function wrapped(text: string): string[] {
  const width = WIDTH - INDENT.length;
  const lines: string[] = [];
  let line = '';
  for (const word of text
    .split(/\s+/)
    .flatMap((long) => long.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The last line. */
export function verdict(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number =>
    findings.filter((finding) => finding.level === level).length;
  const [failures, warnings] = [count('failure'), count('warning')];
  if (failures > 0) return `${failures} of ${findings.length} checks failed.`;
  return warnings > 0 ? 'Everything works; see the warnings.' : 'All is well.';
}
