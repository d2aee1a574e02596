import type { Diagnostic } from '../../model/diagnostics.js';
import type { DeliveryReport, LatencySummary } from '../../model/report.js';
import type { BroadcastAudience } from '../../model/store.js';

/** One broadcast: what the library reported, and what the gateway saw of it. */
export interface BroadcastView {
  readonly id: string;
  /** `room:lobby`, `user:7` or `all`; `undefined` until the report is there. */
  readonly audience: string | undefined;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** `undefined` while it runs. Of a broadcast that was resumed, the sums of all its parts. */
  readonly report: ReportedCounts | undefined;
  readonly seen: SeenCounts;
}

export interface ReportedCounts extends Pick<DeliveryReport, CountName | 'complete' | 'stoppedBy'> {
  /** Of the last part. */
  readonly latencyMs: LatencySummary;
}

const COUNTS = [
  'recipients',
  'delivered',
  'stale',
  'failed',
  'skipped',
  'attempts',
  'retries',
  'durationMs',
] as const;
type CountName = (typeof COUNTS)[number];

/** What came to the management API, and what went to sockets. */
export interface SeenCounts {
  readonly sends: number;
  /** Sends for connections that the gateway does not know. */
  readonly unknown: number;
  /** Sends that were refused or not answered for another reason. */
  readonly refused: number;
  /** Sockets that the message was written to, and those among them that got it more than once. */
  readonly sockets: number;
  readonly twice: number;
}

/** Puts together what is known of each broadcast. */
export interface Broadcasts {
  sent(id: string, outcome: 'accepted' | 'unknown' | 'refused'): void;
  /** The message was handed to the connection's socket. */
  written(id: string, connectionId: string): void;
  reported(diagnostic: Extract<Diagnostic, { type: 'broadcast' }>): void;
  /** The newest first. */
  list(): readonly BroadcastView[];
}

/** Older ones are forgotten. */
const KEPT = 100;
/** Of so many of the newest it is known who got them; a retry can arrive late. */
const KEPT_WITH_SOCKETS = 5;

interface Entry {
  readonly id: string;
  audience: string | undefined;
  startedAt: number;
  report: ReportedCounts | undefined;
  readonly seen: { -readonly [name in keyof SeenCounts]: number };
  /** How often each connection got it. */
  frames: Map<string, number>;
}

export function createBroadcasts(now: () => number): Broadcasts {
  const entries = new Map<string, Entry>();

  function entryOf(id: string): Entry {
    const known = entries.get(id);
    if (known !== undefined) return known;
    const seen = { sends: 0, unknown: 0, refused: 0, sockets: 0, twice: 0 };
    const entry = { id, audience: undefined, startedAt: now(), report: undefined, seen, frames: new Map() };
    entries.set(id, entry);
    forgetOld();
    return entry;
  }

  function forgetOld(): void {
    const ids = [...entries.keys()];
    for (const id of ids.slice(0, -KEPT)) entries.delete(id);
    entries.get(ids.at(-1 - KEPT_WITH_SOCKETS) ?? '')?.frames.clear();
  }

  return {
    sent(id, outcome) {
      const { seen } = entryOf(id);
      seen.sends++;
      if (outcome !== 'accepted') seen[outcome]++;
    },
    written(id, connectionId) {
      const { seen, frames } = entryOf(id);
      const times = (frames.get(connectionId) ?? 0) + 1;
      frames.set(connectionId, times);
      if (times === 1) seen.sockets++;
      if (times === 2) seen.twice++;
    },
    reported({ audience, startedAt, report }) {
      const entry = entryOf(report.id);
      if (entry.report === undefined) entry.startedAt = startedAt;
      entry.audience = audienceText(audience);
      entry.report = sumOf(entry.report, report);
    },
    list: () =>
      [...entries.values()]
        .map(({ id, audience, startedAt, report, seen }) => ({ id, audience, startedAt, report, seen }))
        .reverse(),
  };
}

function audienceText(audience: BroadcastAudience): string {
  if ('room' in audience) return `room:${audience.room}`;
  if ('rooms' in audience) return `rooms:${audience.rooms.join(',')}`;
  if ('connection' in audience) return `connection:${audience.connection}`;
  return 'user' in audience ? `user:${audience.user}` : 'all';
}

function sumOf(earlier: ReportedCounts | undefined, report: DeliveryReport): ReportedCounts {
  const sums = COUNTS.map((name) => [name, (earlier?.[name] ?? 0) + report[name]] as const);
  const { complete, stoppedBy, latencyMs } = report;
  return { ...(Object.fromEntries(sums) as Record<CountName, number>), complete, stoppedBy, latencyMs };
}
