import { grouped, percent } from '../numbers.js';
import { left, right, type Table } from '../table.js';
import type { TimedRun } from './runs.js';
import type { FanoutResult } from './result.js';

export function runsTable({ runs, store, rounds }: Pick<FanoutResult, 'runs' | 'store' | 'rounds'>): Table {
  const [one] = runs;
  return {
    title: 'Fan-out: instances with budgets of their own, and what the model said',
    columns: [
      left('run'),
      right('recipients'),
      right('instances'),
      right('shards'),
      right('seconds'),
      right('sends/s'),
      right('of linear'),
      right('model'),
      right('off by'),
      left('limit'),
    ],
    rows: runs.map((run) => [
      run.name,
      grouped(run.recipients),
      String(run.instances),
      String(run.shards),
      grouped(run.seconds),
      grouped(rateOf(run)),
      one !== undefined && isComparable(run, one) ? percent(rateOf(run) / rateOf(one) / run.instances) : '–',
      grouped(run.predicted),
      percent(errorOf(run)),
      run.limit,
    ]),
    notes: [
      'Budgets are simulated: each instance waits until 500 sends a second by its packets and 625 by its share of a core allow the next one.',
      `Workers in instances of the local gateway, its queue and trigger, ${store}; a gateway that counts sends over HTTP/2.`,
      `${rounds === 1 ? 'Timed once' : `Medians of ${rounds} rounds`}. The model knows the budgets and what single calls of the store and the gateway take here.`,
    ],
  };
}

function isComparable({ recipients, shards, budget }: TimedRun, one: TimedRun): boolean {
  return recipients === one.recipients && shards === one.shards && budget.cpuShare === one.budget.cpuShare;
}

export function rateOf({ recipients, seconds }: Pick<TimedRun, 'recipients' | 'seconds'>): number {
  return recipients / seconds;
}

export function errorOf({ seconds, predicted }: Pick<TimedRun, 'seconds' | 'predicted'>): number {
  return Math.abs(predicted / seconds - 1);
}

export function troubleTable({ trouble }: Pick<FanoutResult, 'trouble'>): Table {
  const {
    recipients,
    status,
    reached,
    repeated,
    most,
    left: stored,
    kills,
    duplicates,
    deadLetters,
  } = trouble;
  const row = (what: string, count: number): string[] => [what, grouped(Math.round(count))].map(plain);
  return {
    title: 'Fan-out on a bad day: 16 shards, four workers',
    columns: [left('what'), right('count')],
    rows: [
      row('stored connections', recipients),
      row('delivered, by the status', status.delivered),
      row('reached, by the gateway', reached),
      row('stale, by the status', status.stale),
      row('left in the store', stored),
      row('failed or skipped', status.failed + status.skipped),
      row('workers killed in a shard', kills),
      row('shards taken over', status.restarts),
      row('jobs delivered twice', duplicates),
      row('jobs among the dead letters', deadLetters),
      row('reached more than once', repeated),
      row('most copies for one', most),
    ],
    notes: [
      `In ${grouped(trouble.seconds)} seconds. Connections are the bookkeeping of a gateway that counts: this machine cannot have 100,000 sockets.`,
      'Reached more than once: those of the pages that were under way when a worker was killed.',
    ],
  };
}

function plain(text: string): string {
  return text.replace(/\.0$/, '');
}
