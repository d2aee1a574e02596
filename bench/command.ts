import { parseArgs } from 'node:util';
import { PIPELINES, SENDERS, STARTERS } from './clients/table.js';
import type { BenchOptions } from './section.js';

const USAGE = `npm run bench -- [sends] [pipeline] [cold] [start] [engine]
                     [stores] [gateway] [fanout] [simulate] [options]

Without a name all up to engine are measured (about ten minutes), with "all"
the others as well (about a quarter of an hour more).

  --rounds N       how often each is measured; medians are shown (5)
  --clients A,B    only these, by their file in bench/clients
  --nodes A,B      programs of Node.js that start is measured with (this one)
  --server NAME    nginx or node; default: nginx where it is installed
  --out DIR        where results are written (bench/results/latest)
  --record         write them to bench/results instead, and into the README
  --render         measure nothing: write tables, charts and the README again
                   from the recorded figures
  --quick          one short round: proves that all runs, says nothing on speed
`;

const USUAL_NAMES = ['sends', 'pipeline', 'cold', 'start', 'engine'] as const;
const SECTION_NAMES = [...USUAL_NAMES, 'stores', 'gateway', 'fanout', 'simulate'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

export interface Command {
  /** None: what is there is only shown anew. */
  readonly names: readonly SectionName[];
  readonly options: Omit<BenchOptions, 'root'>;
  readonly isRecorded: boolean;
  readonly out: string | undefined;
}

/** What the command line asks for, or what is wrong with it. */
export function parseCommand(args: string[]): Command | string {
  let parsed: ReturnType<typeof parseFlags>;
  try {
    parsed = parseFlags(args);
  } catch (reason) {
    return `${reason instanceof Error ? reason.message : String(reason)}\n\n${USAGE}`;
  }
  const { values, positionals } = parsed;
  const { quick: isQuick, render: isRendered, server, out, help } = values;
  const isRecorded = values.record || isRendered;
  const clients = values.clients?.split(',');
  const rounds = Number(values.rounds ?? (isQuick ? 1 : 5));
  const mistake = help ? '' : mistakeIn({ positionals, clients, server, rounds, isQuick, isRecorded });
  if (mistake !== undefined) return `${mistake}\n\n${USAGE}`.trimStart();
  if (isRendered) return { names: [], options: { isQuick, rounds }, isRecorded, out };
  return {
    names: namesIn(positionals),
    options: {
      isQuick,
      rounds,
      clients,
      nodes: values.nodes?.split(','),
      server: server === 'nginx' || server === 'node' ? server : undefined,
    },
    isRecorded,
    out,
  };
}

function namesIn(positionals: readonly string[]): readonly SectionName[] {
  if (positionals.length === 0) return USUAL_NAMES;
  if (positionals.includes('all')) return SECTION_NAMES;
  return SECTION_NAMES.filter((name) => positionals.includes(name));
}

function parseFlags(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      clients: { type: 'string' },
      nodes: { type: 'string' },
      server: { type: 'string' },
      out: { type: 'string' },
      record: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

interface Asked {
  readonly positionals: readonly string[];
  readonly clients: readonly string[] | undefined;
  readonly server: string | undefined;
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly isRecorded: boolean;
}

function mistakeIn({ positionals, clients, server, rounds, isQuick, isRecorded }: Asked): string | undefined {
  const sections: readonly string[] = [...SECTION_NAMES, 'all'];
  const section = positionals.find((name) => !sections.includes(name));
  if (section !== undefined) return `There is no bench called ${section}.`;
  const known = new Set([...SENDERS, ...PIPELINES, ...STARTERS].map(({ name }) => name));
  const client = clients?.find((name) => !known.has(name));
  if (client !== undefined) return `--clients: there is no ${client}, only ${[...known].join(', ')}`;
  if (server !== undefined && server !== 'nginx' && server !== 'node')
    return '--server: expected nginx or node';
  if (!Number.isInteger(rounds) || rounds < 1) return '--rounds: expected 1 or more';
  if (isQuick && isRecorded) return '--record: a quick run measures nothing worth keeping';
  if (clients !== undefined && isRecorded) return '--record: the README compares all clients, not some';
  return undefined;
}
