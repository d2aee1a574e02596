import { modeOf, NotProbed, type ConformanceCase, type Mode, type Observation } from '../case.js';
import type { Bench } from '../bench.js';

/** What came of one case. */
export type CaseResult =
  | {
      readonly id: string;
      readonly outcome: 'as assumed' | 'differs';
      readonly seen: string;
      /** What was measured on the way. */
      readonly figures: Readonly<Record<string, number>>;
    }
  | { readonly id: string; readonly outcome: 'skipped' | 'failed'; readonly reason: string };

export interface RunCasesOptions {
  readonly cases: readonly ConformanceCase[];
  readonly modes: readonly Mode[];
  readonly target: 'local' | 'cloud';
  /** What is expected instead of what the cases assume: of a profile. */
  readonly expected?: ReadonlyMap<string, string> | undefined;
  /** Told of each result as it comes. */
  readonly onResult?: ((result: CaseResult) => void) | undefined;
  /** Makes what the cases of a mode are run with. It is closed when they are done. */
  bench(mode: Mode): Promise<Bench & { close(): unknown }>;
}

/**
 * Runs the cases of these modes. What takes seconds is run one after the other, so that nothing disturbs a
 * probe; in the cloud, what waits for minutes is run at once. A probe that fails is a result, too.
 */
export async function runCases(options: RunCasesOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const mode of options.modes) {
    const chosen = options.cases.filter((one) => modeOf(one) === mode);
    results.push(...(await runMode(options, mode, chosen)));
  }
  return results;
}

async function runMode(
  options: RunCasesOptions,
  mode: Mode,
  cases: readonly ConformanceCase[],
): Promise<CaseResult[]> {
  if (cases.every((one) => skipReason(one, options.target) !== undefined))
    return cases.map((one) => skip(one, options));
  const bench = await options.bench(mode);
  const isWaiting = options.target === 'cloud' && (mode === 'idle' || mode === 'lifetime');
  try {
    if (isWaiting) return await Promise.all(cases.map((one) => runCase(one, bench, options)));
    const results: CaseResult[] = [];
    for (const one of cases) results.push(await runCase(one, bench, options));
    return results;
  } finally {
    await bench.close();
  }
}

function skipReason({ cloudOnly, probe }: ConformanceCase, target: 'local' | 'cloud'): string | undefined {
  if (target === 'local' && cloudOnly !== undefined) return cloudOnly;
  if (probe === 'hand') return 'a person has to look';
  return probe === 'deploy' ? 'seen by `conformance deploy`' : undefined;
}

function skip(one: ConformanceCase, { target, onResult }: RunCasesOptions): CaseResult {
  const result = { id: one.id, outcome: 'skipped' as const, reason: skipReason(one, target) ?? '' };
  onResult?.(result);
  return result;
}

async function runCase(one: ConformanceCase, bench: Bench, options: RunCasesOptions): Promise<CaseResult> {
  if (skipReason(one, options.target) !== undefined || typeof one.probe === 'string')
    return skip(one, options);
  const result = await one.probe(bench).then(
    (observation) => judge(one, observation, options.expected?.get(one.id)),
    (reason: unknown) => failure(one.id, reason),
  );
  options.onResult?.(result);
  return result;
}

/**
 * Whether what was seen is what was expected, which is what the case assumes unless a profile says otherwise.
 */
export function judge(
  { id, assumed, answers, otherwise }: ConformanceCase,
  observation: Observation,
  expected = assumed,
): CaseResult {
  const { seen, figures } =
    typeof observation === 'string' ? { seen: observation, figures: {} } : observation;
  if (!Object.hasOwn(answers, seen) && otherwise === undefined)
    return { id, outcome: 'failed', reason: `the probe saw '${seen}', which is not an answer that it knows` };
  return { id, outcome: seen === expected ? 'as assumed' : 'differs', seen, figures };
}

function failure(id: string, reason: unknown): CaseResult {
  const text = reason instanceof Error ? reason.message.replace(/^[A-Z_]+: /, '') : String(reason);
  return { id, outcome: reason instanceof NotProbed ? 'skipped' : 'failed', reason: text };
}
