/** What the documentation shows as a command's output is laid out as the command lays it out. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { findingText, verdict } from '../../src/cli/doctor/report.js';

const LEVELS: Readonly<Record<string, Finding['level']>> = { '✓': 'ok', '!': 'warning', '✗': 'failure' };

/** The blocks of a page that show a report of doctor. */
function reportsIn(page: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```\n( {2}[✓!✗] [\s\S]*?)\n```$/gm)].map(([, block = '']) => block);
}

function findingsOf(report: string): Finding[] {
  return [...report.matchAll(/^ {2}([✓!✗]) (.{14})(.*(?:\n {18}.*)*)/gm)].map(
    ([, mark = '', subject = '', rest = '']) => {
      const [detail = '', remedy] = rest.replaceAll(/\s+/g, ' ').split(' → ');
      return { subject: subject.trim(), level: LEVELS[mark] ?? 'ok', detail, remedy };
    },
  );
}

describe.each([
  ['deploy.md', ['Address', 'Network', 'Handshake']],
  [
    'local-gateway.md',
    [
      'Node.js',
      'Official SDK',
      'Port 4510',
      'Files',
      'Certificate',
      'SDK redirect',
      'Variables',
      'Proxy',
      'Clock',
    ],
  ],
])('the report of doctor in docs/%s', (page, subjects) => {
  const [report = ''] = reportsIn(page);
  const findings = findingsOf(report);

  it('has the checks that doctor makes, in their order', () => {
    expect(findings.map(({ subject }) => subject)).toEqual(subjects);
  });

  it('stands as doctor prints it', () => {
    const lines = findings.map((finding) => findingText(finding, (_style, text) => text));
    expect(report).toBe([...lines, '', `  ${verdict(findings)}`].join('\n'));
  });
});
