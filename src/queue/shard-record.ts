import type { RecordStore } from '../model/records.js';
import { NOBODY, type Counts } from './counts.js';
import { readJson, writeJson } from './json-record.js';

/** How a shard came to its end: everybody tried, the broadcast's end, or given up for a lasting reason. */
export type Ending = 'done' | 'cancelled' | 'expired' | 'abandoned';

/**
 * How far a shard is. Written after each page, so that nobody whom it has passed is sent the message again.
 */
export interface ShardProgress {
  readonly turn: number;
  /** How often it was written: the measure of what is newer. */
  readonly commits: number;
  /** The last connection that was tried, in the order of the shard. */
  readonly after?: string | undefined;
  /** Whether the listing has come to its end. */
  readonly listed: boolean;
  /** Connections before `after` whose sends the gateway has refused for now; they are tried again later. */
  readonly again: readonly string[];
  /** How often they were, in a row and to the end. */
  readonly laterTries: number;
  /** How often in a row the shard was put off because the gateway refused. */
  readonly waits: number;
  readonly counts: Counts;
  /** How often it was taken over from a worker that was lost. */
  readonly restarts: number;
  readonly ending?: Ending | undefined;
}

interface ShardRecord extends ShardProgress {
  /** Until when a worker has the shard for itself, in Unix milliseconds; absent when nobody has. */
  readonly leasedUntil?: number | undefined;
}

/** A shard that this worker has for itself. */
export interface Claim {
  /** As it was last written. */
  readonly progress: ShardProgress;
  /** From then on somebody else may have it, in Unix milliseconds. */
  leasedUntil(): number;
  /**
   * Writes how far it is and renews the lease. False when somebody else has it by now: then nothing is
   * counted.
   */
  commit(progress: ShardProgress): Promise<boolean>;
  /** The same, and lets go of it. */
  release(progress: ShardProgress): Promise<boolean>;
}

export type ClaimResult =
  | { readonly kind: 'mine'; readonly claim: Claim }
  /** Somebody else is at it until then, if all goes well, in Unix milliseconds. */
  | { readonly kind: 'busy'; readonly until: number }
  /** A later job carries on with it. */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'ended'; readonly progress: ShardProgress };

export interface ClaimOptions {
  readonly records: RecordStore;
  readonly id: string;
  readonly shard: number;
  readonly turn: number;
  /** Where it begins when nobody has begun it yet. */
  readonly after: string | undefined;
  readonly leaseMs: number;
  readonly keptUntil: number;
  readonly now: () => number;
}

/** Claims a shard. Of workers that try at the same time one gets it, by compare-and-set. */
export async function claimShard(options: ClaimOptions): Promise<ClaimResult> {
  const { records, shard, id, turn, leaseMs, keptUntil, now } = options;
  const key = `$queue:shard-${shard}:${id}`;
  let version: string | undefined;
  let leasedUntil = 0;

  async function write(progress: ShardProgress, lease: boolean): Promise<boolean> {
    const until = now() + leaseMs;
    const record: ShardRecord = lease ? { ...progress, leasedUntil: until } : progress;
    const ttlMs = Math.max(1, Math.ceil(keptUntil - now()));
    const written = await writeJson(records, key, record, { ifVersion: version, ttlMs });
    if (written === undefined) return false;
    version = written;
    leasedUntil = until;
    return true;
  }

  for (;;) {
    const found = await readJson<ShardRecord>(records, key);
    const { leasedUntil: heldUntil, ...before } = found?.value ?? beginning(options);
    if (before.ending !== undefined) return { kind: 'ended', progress: before };
    if (turn < before.turn) return { kind: 'outdated' };
    if (heldUntil !== undefined && now() < heldUntil) return { kind: 'busy', until: heldUntil };
    version = found?.version;
    const restarts = before.restarts + (heldUntil === undefined ? 0 : 1);
    let progress: ShardProgress = { ...before, turn, restarts, commits: before.commits + 1 };
    if (!(await write(progress, true))) continue;
    const next = async (changed: ShardProgress, lease: boolean): Promise<boolean> => {
      const numbered = { ...changed, commits: progress.commits + 1 };
      if (!(await write(numbered, lease))) return false;
      progress = numbered;
      return true;
    };
    const claim: Claim = {
      get progress() {
        return progress;
      },
      leasedUntil: () => leasedUntil,
      commit: (changed) => next(changed, true),
      release: (changed) => next(changed, false),
    };
    return { kind: 'mine', claim };
  }
}

function beginning({ turn, after }: ClaimOptions): ShardRecord {
  return {
    turn,
    commits: 0,
    after,
    listed: false,
    again: [],
    laterTries: 0,
    waits: 0,
    counts: NOBODY,
    restarts: 0,
  };
}
