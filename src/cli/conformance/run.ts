import {
  CASES,
  expectedOf,
  MODES,
  runDeployed,
  runLocal,
  withResults,
  type CaseResult,
  type ConformanceCase,
  type Mode,
} from '../../conformance/index.js';
import { usageError } from '../command.js';
import { parseFlags } from '../flags/flags.js';
import { paletteFor } from '../terminal/palette.js';
import { RUN_FLAGS } from './flags.js';
import { PROFILE_FILE, readProfile, writeProfile } from './profile-file.js';
import { resultText, summary } from './result-text.js';

interface RunOptions {
  readonly url: URL | undefined;
  readonly foreign: URL | undefined;
  readonly modes: readonly Mode[];
  readonly cases: readonly ConformanceCase[];
  readonly profile: string | undefined;
  readonly format: 'text' | 'json';
}

export async function run(args: readonly string[]): Promise<number> {
  const options = parseRunOptions(args);
  const paint = paletteFor(process.stdout);
  const { format, url } = options;
  const onResult = (result: CaseResult): void => {
    if (format === 'text') process.stdout.write(`${resultText(result, paint)}\n`);
  };
  const results =
    url === undefined ? await onLocal(options, onResult) : await onCloud(options, url, onResult);
  process.stdout.write(format === 'json' ? `${JSON.stringify(results)}\n` : `\n  ${summary(results)}\n`);
  const isWrong = ({ outcome }: CaseResult): boolean =>
    outcome === 'failed' || (outcome === 'differs' && url === undefined);
  return results.some(isWrong) ? 1 : 0;
}

async function onLocal({ cases, profile }: RunOptions, onResult: (result: CaseResult) => void) {
  if (profile === undefined) return runLocal({ cases, onResult });
  const given = await readProfile(profile);
  return runLocal({ cases, onResult, emulator: { profile: given }, expected: expectedOf(given) });
}

async function onCloud(
  { cases, modes, foreign, profile = PROFILE_FILE }: RunOptions,
  url: URL,
  onResult: (result: CaseResult) => void,
) {
  const before = await readProfile(profile, 'may be missing');
  const results = await runDeployed({ url, foreign, cases, modes, onResult });
  await writeProfile(profile, withResults(before, results, new Date()));
  return results;
}

function parseRunOptions(args: readonly string[]): RunOptions {
  const { flags } = parseFlags(RUN_FLAGS, args, false);
  const { local, url, foreign, profile, case: cases = CASES, format = 'text' } = flags;
  if (local === (url !== undefined)) throw usageError('expected either --local or --url');
  const chosen = MODES.filter((mode) => flags[mode]);
  if (local && (chosen.length > 0 || foreign !== undefined))
    throw usageError('--quick, --idle, --lifetime, --load and --foreign belong to --url');
  return { url, foreign, modes: chosen.length === 0 ? ['quick'] : chosen, cases, profile, format };
}
