/**
 * What was found, for people: of each case what was assumed, what was seen and what follows. It holds sights
 * and figures only, never an id, an address or a token: profiles have none, and neither have cases.
 */
import type { ConformanceCase } from './case.js';
import type { Profile, ProfileEntry } from '../emulator/index.js';

/** In Markdown; differences come first, since they are what one acts on. */
export function reportOf(cases: readonly ConformanceCase[], profile: Profile): string {
  const seen = new Map(Object.entries(profile.cases));
  const [differing, confirmed, open]: ConformanceCase[][] = [[], [], []];
  for (const one of cases) {
    const entry = seen.get(one.id);
    const list = entry === undefined ? open : entry.seen === one.assumed ? confirmed : differing;
    list?.push(one);
  }
  const parts = [
    `# Conformance, ${profile.date}`,
    `${differing?.length ?? 0} differ, ${confirmed?.length ?? 0} as assumed, ${open?.length ?? 0} open.`,
    ...section('Differs from what is assumed', differing ?? [], (one) => sight(one, seen.get(one.id))),
    ...section('As assumed', confirmed ?? [], (one) => sight(one, seen.get(one.id))),
    ...section('Open', open ?? [], ({ how }) => [`- how: ${how}`]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(
  title: string,
  cases: readonly ConformanceCase[],
  linesOf: (one: ConformanceCase) => readonly string[],
): string[] {
  if (cases.length === 0) return [];
  return [
    `## ${title}`,
    ...cases.map((one) => {
      const { id, question, source, assumed } = one;
      const head = [`### ${id}`, '', question, '', `- source: ${source}`, `- assumed: ${assumed}`];
      return [...head, ...linesOf(one)].join('\n');
    }),
  ];
}

function sight(one: ConformanceCase, entry: ProfileEntry | undefined): string[] {
  const { seen = '', figures = {} } = entry ?? {};
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  return [
    `- seen: ${redacted(seen)}${numbers.length === 0 ? '' : ` (${numbers.map(redacted).join(', ')})`}`,
    `- what follows: ${consequenceOf(one, seen)}`,
  ];
}

export function consequenceOf({ answers, otherwise }: ConformanceCase, seen: string): string {
  const known = Object.entries(answers).find(([answer]) => answer === seen)?.[1];
  return known ?? otherwise ?? 'Not known.';
}

/** A profile can be edited by hand: whatever in it looks like an id, a token or a domain stays out. */
export function redacted(text: string): string {
  return text
    .replace(/\b(?:t1|y0)[._][\w.-]+/g, '[token]')
    .replace(/\b[\w-]+(?:\.[\w-]+)+\.[a-z]{2,}\b/gi, '[domain]')
    .replace(/\b[a-z0-9]{18,}\b/gi, '[id]');
}
