/**
 * What was recorded of the fan-out is what it has to be, and what the model says of it today is what was
 * recorded.
 */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { scenarioOf } from '../../bench/fanout/runs.js';
import { errorOf, rateOf } from '../../bench/fanout/tables.js';
import type { Summary } from '../../bench/results.js';
import { limitOf } from '../../bench/simulation/limit.js';
import { simulate } from '../../bench/simulation/simulate.js';

const summary = new URL('../../bench/results/summary.json', import.meta.url);
const { fanout } = JSON.parse(readFileSync(summary, 'utf8')) as Required<Pick<Summary, 'fanout'>>;
const { runs, trouble } = fanout;
const named = (name: string) => {
  const run = runs.find((one) => one.name === name);
  if (run === undefined) throw new Error(`there is no run called ${name}`);
  return run;
};

describe('the recorded fan-out', () => {
  it.each(runs)('was foretold to within 15 %: $name', (run) => {
    expect(errorOf(run)).toBeLessThan(0.15);
    expect(run.predicted).toBeCloseTo(simulate(scenarioOf(run, run.times)).seconds, 1);
  });

  it('covers 10,000 and 100,000 recipients', () => {
    expect(runs.map(({ recipients }) => recipients)).toEqual(expect.arrayContaining([10_000, 100_000]));
  });

  it.each(['two instances', 'four instances'])('grows nearly in proportion up to %s', (name) => {
    const run = named(name);
    expect(rateOf(run) / rateOf(named('one instance'))).toBeGreaterThanOrEqual(0.9 * run.instances);
  });

  it('does not grow beyond the limit, which the model names', () => {
    const [four, eight] = [named('four instances'), named('eight instances')];
    expect(rateOf(eight) / rateOf(four)).toBeLessThan(1.1);
    expect(limitOf(scenarioOf(eight, eight.times))).toBe('shards');
    expect(named('four, half the CPU').limit).toBe('CPU');
    expect(rateOf(named('four, half the CPU'))).toBeLessThan(0.75 * rateOf(four));
  });

  it('reached everybody on its bad day, by both accounts', () => {
    const { status, recipients } = trouble;
    expect(recipients).toBe(100_000);
    expect(status).toMatchObject({ state: 'done', complete: true, failed: 0, skipped: 0, recipients });
    expect(status.shards).toEqual({ total: 16, started: 16, done: 16, abandoned: 0 });
    expect(status.delivered).toBe(trouble.reached);
    expect(trouble.left).toBe(recipients - status.stale);
    expect(status.delivered + status.stale).toBe(recipients);
  });

  it('had one: two workers were lost, jobs came twice, and one was none', () => {
    expect(trouble).toMatchObject({ kills: 2, deadLetters: 1 });
    expect(trouble.status.restarts).toBe(2);
    expect(trouble.duplicates).toBeGreaterThanOrEqual(0.1 * 16);
    // A page for each worker that was lost.
    expect(trouble.repeated).toBeLessThanOrEqual(2 * 500);
  });
});
