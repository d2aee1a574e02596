/** What the cloud was seen to do, as a file that the local gateway can be set to. */
import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import { check, firstIssue, lazily } from '../base/options.js';
import { parseJson } from '../base/json.js';
import type { CaseResult } from './run/run-cases.js';

/** What was seen of one case. */
export interface ProfileEntry {
  readonly seen: string;
  readonly figures?: Readonly<Record<string, number>> | undefined;
}

export interface Profile {
  readonly version: 1;
  /** The day of the latest entry, as in `2026-11-30`. */
  readonly date: string;
  /** By the ids of cases. */
  readonly cases: Readonly<Record<string, ProfileEntry>>;
}

const profileSchema = lazily(() =>
  z.strictObject({
    version: z.literal(1),
    date: z.string(),
    cases: z.record(
      z.string(),
      z.strictObject({
        seen: z.string().check(z.minLength(1)),
        figures: z.optional(z.record(z.string(), z.number())),
      }),
    ),
  }),
);

/** Throws `INVALID_OPTIONS` that names the field. */
export function parseProfile(text: string, name: string): Profile {
  const result = check(profileSchema(), parseJson(text));
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

export function seenIn({ cases }: Profile): ReadonlyMap<string, string> {
  return new Map(Object.entries(cases).map(([id, { seen }]) => [id, seen]));
}
