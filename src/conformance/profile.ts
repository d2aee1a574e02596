/** What the cloud was seen to do, as a file that the local gateway can be set to. */
import { BroadcastError } from '../base/errors.js';
import { check, firstIssue } from '../base/options.js';
import { parseJson } from '../base/json.js';
import type { Profile } from '../emulator/index.js';
import { readGuesses } from '../emulator/profile/guesses.js';
import { profileSchema } from '../emulator/profile/profile.js';
import type { CaseResult } from './run/run-cases.js';

/** Throws `INVALID_OPTIONS` that names the field. */
export function parseProfile(text: string, name: string): Profile {
  const result = check(profileSchema, parseJson(text));
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  throw new BroadcastError('INVALID_OPTIONS', `${[name, ...path].join('.')}: ${message}`, { path });
}

/** The profile with these results in it; those of other cases stay. Failed and skipped cases say nothing. */
export function withResults(
  profile: Profile | undefined,
  results: readonly CaseResult[],
  now: Date,
): Profile {
  const seen = results.flatMap((result) => {
    if (!('seen' in result)) return [];
    const { id, seen, figures } = result;
    return [[id, Object.keys(figures).length === 0 ? { seen } : { seen, figures }] as const];
  });
  const cases = new Map([...Object.entries(profile?.cases ?? {}), ...seen]);
  return { version: 1, date: now.toISOString().slice(0, 10), cases: Object.fromEntries(cases) };
}

/** What a local gateway with this profile should do: what was seen, where it can follow. */
export function expectedOf(profile: Profile): ReadonlyMap<string, string> {
  const { unfollowed } = readGuesses(profile);
  const entries = Object.entries(profile.cases).filter(([id]) => !unfollowed.has(id));
  return new Map(entries.map(([id, { seen }]) => [id, seen]));
}
