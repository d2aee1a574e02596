/** Results become a profile, and a profile a report that can be published. */
import { describe, expect, it } from '@jest/globals';
import { CASES } from '../../src/conformance/cases/index.js';
import { NotProbed, type ConformanceCase } from '../../src/conformance/case.js';
import { parseProfile, withResults } from '../../src/conformance/profile.js';
import { reportOf } from '../../src/conformance/report.js';
import { judge, runCases } from '../../src/conformance/run/run-cases.js';

const DAY = new Date('2026-11-30T12:00:00Z');

const question: ConformanceCase = {
  id: 'test.case',
  question: 'Is it so?',
  source: 'assumed',
  assumed: 'yes',
  answers: { yes: 'Fine.', no: 'Change it.' },
  how: 'It is looked at.',
  probe: async () => 'no',
};

describe('a profile', () => {
  it('keeps what was seen, and what earlier runs saw of other cases', () => {
    const earlier = { version: 1 as const, date: '2026-11-01', cases: { 'old.case': { seen: 'x' } } };
    const profile = withResults(
      earlier,
      [
        { id: 'test.case', outcome: 'differs', seen: 'no', figures: { ms: 4 } },
        { id: 'quiet.case', outcome: 'as assumed', seen: 'yes', figures: {} },
        { id: 'failed.case', outcome: 'failed', reason: 'no answer' },
        { id: 'skipped.case', outcome: 'skipped', reason: 'a person has to look' },
      ],
      DAY,
    );
    expect(profile).toEqual({
      version: 1,
      date: '2026-11-30',
      cases: {
        'old.case': { seen: 'x' },
        'test.case': { seen: 'no', figures: { ms: 4 } },
        'quiet.case': { seen: 'yes' },
      },
    });
    expect(parseProfile(JSON.stringify(profile), 'p.json')).toEqual(profile);
  });

  it.each([
    ['not JSON', 'p.json: Invalid input: expected object'],
    ['{"version":2,"date":"","cases":{}}', 'p.json.version'],
    ['{"version":1,"date":"","cases":{"a":{}}}', 'p.json.cases.a.seen'],
  ])('%s is refused with the place', (text, message) => {
    expect(() => parseProfile(text, 'p.json')).toThrow(message);
  });
});

describe('a report', () => {
  it('says of each fact what was assumed, what was seen and what follows, differences first', () => {
    const other = { ...question, id: 'test.other', question: 'And that?' };
    const open = { ...question, id: 'test.open', question: 'And there?' };
    const cases = { 'test.case': { seen: 'yes' }, 'test.other': { seen: 'no', figures: { ms: 4 } } };
    expect(reportOf([question, other, open], { version: 1, date: '2026-11-30', cases })).toBe(
      `# Conformance, 2026-11-30

1 differ, 1 as assumed, 1 open.

## Differs from what is assumed

### test.other

And that?

- source: assumed
- assumed: yes
- seen: no (ms 4)
- what follows: Change it.

## As assumed

### test.case

Is it so?

- source: assumed
- assumed: yes
- seen: yes
- what follows: Fine.

## Open

### test.open

And there?

- source: assumed
- assumed: yes
- how: It is looked at.
`,
    );
  });

  it('leaves out what a person may have written into the profile by mistake', () => {
    const seen =
      'token t1.9euelZrabc.defgh at d5d1234567890abcdef.k7jo3y2l.apigw.yandexcloud.net of d4e0123456789abcdefg';
    const profile = { version: 1 as const, date: '2026-11-30', cases: { 'test.case': { seen } } };
    const report = reportOf([{ ...question, otherwise: 'Look.' }], profile);
    expect(report).toContain('- seen: token [token] at [domain] of [id]\n');
    expect(report).toContain('- what follows: Look.');
  });

  it('has nothing to redact in what the cases themselves can see', () => {
    for (const one of CASES)
      for (const seen of Object.keys(one.answers)) {
        const profile = { version: 1 as const, date: '2026-11-30', cases: { [one.id]: { seen } } };
        expect(reportOf([one], profile)).toContain(`- seen: ${seen}\n`);
      }
  });
});

describe('a run', () => {
  it('judges by what a profile says, or else by what the case assumes', () => {
    expect(judge(question, 'yes')).toMatchObject({ outcome: 'as assumed' });
    expect(judge(question, 'no')).toMatchObject({ outcome: 'differs' });
    expect(judge(question, 'no', 'no')).toMatchObject({ outcome: 'as assumed' });
  });

  it('does not take a sight that it does not know for an answer, unless the case says what follows', () => {
    expect(judge(question, 'perhaps')).toMatchObject({ outcome: 'failed' });
    expect(judge({ ...question, otherwise: 'Look.' }, 'perhaps')).toMatchObject({ outcome: 'differs' });
  });

  it('goes on when a probe fails or cannot be made, and closes what it has opened', async () => {
    let closed = 0;
    const fails = async (): Promise<string> => {
      throw new Error('no answer');
    };
    const lacks = async (): Promise<string> => {
      throw new NotProbed('needs --foreign');
    };
    const results = await runCases({
      cases: [
        { ...question, id: 'a.fails', probe: fails },
        { ...question, id: 'b.lacks', probe: lacks },
        { ...question, id: 'c.hand', probe: 'hand' },
        question,
      ],
      modes: ['quick'],
      target: 'cloud',
      bench: async () => ({ ...NO_BENCH, close: () => closed++ }),
    });
    expect(results).toEqual([
      { id: 'a.fails', outcome: 'failed', reason: 'no answer' },
      { id: 'b.lacks', outcome: 'skipped', reason: 'needs --foreign' },
      { id: 'c.hand', outcome: 'skipped', reason: 'a person has to look' },
      { id: 'test.case', outcome: 'differs', seen: 'no', figures: {} },
    ]);
    expect(closed).toBe(1);
  });
});

const never = (): never => {
  throw new Error('not to be called');
};
const client = { send: never, get: never, disconnect: never, close: never };
const NO_BENCH = {
  timeoutMs: 0,
  quietMs: 0,
  answerMs: 0,
  open: never,
  text: never,
  call: never,
  sightings: never,
  sighting: never,
  rest: client,
  grpc: client,
  publish: never,
  foreignId: never,
  pass: never,
  pause: never,
};
