import { parseArgs } from 'node:util';
import {
  CASES,
  MODES,
  runDeployed,
  runLocal,
  seenIn,
  withResults,
  type CaseResult,
  type ConformanceCase,
  type Mode,
} from '../../conformance/index.js';
import { usageError } from '../command.js';
import { paletteFor } from '../terminal/palette.js';
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
  return runLocal({ cases, onResult, expected: seenIn(given) });
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
  const { values } = parseArgs({
    args: [...args],
    options: {
      local: { type: 'boolean', default: false },
      url: { type: 'string' },
      foreign: { type: 'string' },
      quick: { type: 'boolean' },
      idle: { type: 'boolean' },
      lifetime: { type: 'boolean' },
      load: { type: 'boolean' },
      case: { type: 'string', multiple: true },
      profile: { type: 'string' },
      format: { type: 'string', default: 'text' },
    },
  });
  const { local, url, foreign, case: ids, profile, format } = values;
  if (format !== 'text' && format !== 'json')
    throw usageError(`--format: expected text or json, got '${format}'`);
  if (local === (url !== undefined)) throw usageError('expected either --local or --url');
  const chosen = MODES.filter((mode) => values[mode] === true);
  if (local && (chosen.length > 0 || foreign !== undefined))
    throw usageError('--quick, --idle, --lifetime, --load and --foreign belong to --url');
  const cases = ids === undefined ? CASES : ids.map(caseNamed);
  return {
    url: addressOf('--url', url),
    foreign: addressOf('--foreign', foreign),
    modes: chosen.length === 0 ? ['quick'] : chosen,
    cases,
    profile,
    format,
  };
}

function caseNamed(id: string): ConformanceCase {
  const found = CASES.find((one) => one.id === id);
  if (found === undefined)
    throw usageError(`--case: there is no '${id}'; see docs/conformance.md for the ids`);
  return found;
}

/** The address is not repeated in the error: its query holds a key. */
function addressOf(option: string, given: string | undefined): URL | undefined {
  if (given === undefined) return undefined;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol === 'wss:' || url?.protocol === 'ws:') return url;
  throw usageError(`${option}: expected an address such as wss://d5d….apigw.yandexcloud.net`);
}
