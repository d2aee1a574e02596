import { grouped } from '../numbers.js';
import { progress } from '../progress.js';
import type { Section } from '../section.js';
import { fourDigits } from '../statistics.js';
import { left, right, type Table } from '../table.js';
import { limitOf, type Limit } from './limit.js';
import { questions } from './questions.js';
import type { Outcome, Scenario } from './scenario.js';
import { simulate } from './simulate.js';

export interface SimulatedRow extends Omit<Outcome, 'progress' | 'sends'> {
  readonly name: string;
  readonly most: number;
  readonly shards: number;
  readonly sendsPerSecond: number;
  readonly limit: Limit;
}

export interface SimulationResult {
  readonly recipients: number;
  /** Of a whole broadcast, as `pipeline` measured it. */
  readonly cpuMicrosPerSend: number;
  readonly rows: readonly SimulatedRow[];
}

/** How many recipients a quick run has. */
const QUICK = 10_000;

/** What a million recipients take under a quota. Measures nothing: it needs what `pipeline` has recorded. */
export const simulation = {
  async measure({ isQuick, cpuMicrosPerSend }) {
    if (cpuMicrosPerSend === undefined)
      throw new Error('simulate: needs figures of pipeline; record them first');
    const asked = questions(cpuMicrosPerSend).map(({ name, scenario }) => {
      progress(`simulating ${name}`);
      return rowOf(name, isQuick ? { ...scenario, recipients: QUICK } : scenario);
    });
    const recipients = isQuick ? QUICK : (questions(cpuMicrosPerSend)[0]?.scenario.recipients ?? 0);
    return { recipients, cpuMicrosPerSend, rows: asked };
  },
  tables: (result) => [simulationTable(result)],
  chart({ rows, recipients }) {
    return {
      title: `Seconds until ${grouped(recipients)} are reached, by the model (less is better)`,
      bars: rows
        .filter(({ seconds }) => seconds < 600)
        .map(({ name, seconds, limit }) => ({
          label: name,
          value: seconds,
          text: `${grouped(seconds)} s · ${limit}`,
          isOurs: name.startsWith('quota'),
        })),
    };
  },
} satisfies Section<SimulationResult>;

/** One line of the table; recorded, and computed again by a test. */
export function rowOf(name: string, scenario: Scenario): SimulatedRow {
  const { progress: _progress, sends, ...outcome } = simulate(scenario);
  const { instances, fanout } = scenario;
  return {
    name,
    most: instances.zones * instances.perZone,
    shards: fanout.shards,
    ...outcome,
    seconds: fourDigits(outcome.seconds),
    firstSeconds: fourDigits(outcome.firstSeconds),
    callSeconds: fourDigits(outcome.callSeconds),
    storeUnits: Math.round(outcome.storeUnits),
    sendsPerSecond: fourDigits(sends / outcome.seconds),
    limit: limitOf(scenario),
  };
}

export function simulationTable({ rows, recipients, cpuMicrosPerSend }: SimulationResult): Table {
  return {
    title: `Simulated: ${grouped(recipients)} recipients through the queue`,
    columns: [
      left('quota'),
      right('instances'),
      right('shards'),
      right('time'),
      right('first'),
      right('sends/s'),
      right('store RU'),
      left('limit'),
    ],
    rows: rows.map((row) => [
      row.name,
      String(row.most),
      String(row.shards),
      duration(row.seconds),
      duration(row.firstSeconds),
      grouped(row.sendsPerSecond),
      row.storeUnits === 0 ? '–' : grouped(row.storeUnits),
      row.limit,
    ]),
    notes: [
      `A model, not a measurement: ${grouped(cpuMicrosPerSend)} µs of CPU per send were measured here, prices and quotas are documented, latencies of the cloud are assumed.`,
      'limit: that of which twice as much would help most.',
    ],
  };
}

function duration(seconds: number): string {
  if (seconds < 120) return `${grouped(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
