import { BroadcastError } from '../../base/errors.js';
import type { Cloud } from './cloud/cloud.js';
import type { ConcurrentFunction } from './settings.js';

/** Ids of the versions that run, by name of the function. */
export type Versions = ReadonlyMap<string, string | undefined>;

export async function runningVersions(cloud: Cloud, names: readonly string[]): Promise<Versions> {
  const versions = new Map<string, string | undefined>();
  for (const name of names) {
    const id = await cloud.functions.idOf(name);
    const version = id === undefined ? undefined : await cloud.functions.latest(id);
    versions.set(name, version?.id);
  }
  return versions;
}

/**
 * Rejects unless every function has a new version: the provider's plugin reports what goes wrong and ends as
 * if all was well, so a gateway would be put in front of old code.
 */
export async function expectNewVersions(cloud: Cloud, before: Versions): Promise<void> {
  const now = await runningVersions(cloud, [...before.keys()]);
  const old = [...before].filter(([name, id]) => now.get(name) === id).map(([name]) => `'${name}'`);
  if (old.length === 0) return;
  const problem = `the provider's part of the deploy made no new version of ${old.join(', ')}`;
  throw new BroadcastError('INVALID_REQUEST', `${problem}; see its error above`);
}

/**
 * Sees to it that the running version of each function takes so many calls at a time. Resolves with the names
 * of those that got another version for it, which replaces the one that the provider's plugin has just made.
 */
export async function setConcurrency(
  cloud: Cloud,
  functions: readonly ConcurrentFunction[],
): Promise<string[]> {
  const changed: string[] = [];
  for (const { name, concurrency } of functions) {
    const id = await cloud.functions.idOf(name);
    const version = id === undefined ? undefined : await cloud.functions.latest(id);
    if (version === undefined)
      throw new BroadcastError(
        'INVALID_REQUEST',
        `the function '${name}' has no version to set concurrency on`,
      );
    if (version.concurrency === concurrency) continue;
    await cloud.functions.copyWithConcurrency(version, concurrency);
    changed.push(name);
  }
  return changed;
}
