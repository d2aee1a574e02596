import type { Placed } from '../../model/dispatched-broadcast.js';
import type { BroadcastError, ErrorCode } from '../../base/errors.js';
import { markReport, type DeliveryReport, type FailedDelivery, type StopReason } from '../../model/report.js';
import type { Outcome } from './delivery.js';
import { createLatencyHistogram } from './latency.js';

export interface TallyOptions {
  readonly maxFailures: number;
  readonly includeIds: boolean;
}

/** Counts outcomes while a broadcast runs, and writes the report from them at the end. */
export interface Tally {
  readonly counts: {
    delivered: number;
    stale: number;
    failed: number;
    attempts: number;
    retries: number;
    removed: number;
  };
  add(connectionId: string, outcome: Outcome): void;
  storeFailed(error: BroadcastError): void;
  report(end: TallyEnd): DeliveryReport;
}

export interface TallyEnd {
  readonly id: string;
  readonly skipped: number;
  /** Whether there may be more of these. */
  readonly uncounted?: boolean;
  readonly durationMs: number;
  readonly stoppedBy: StopReason;
  readonly cursor?: string | undefined;
  readonly placed?: Placed | undefined;
}

export function createTally({ maxFailures, includeIds }: TallyOptions): Tally {
  const counts = { delivered: 0, stale: 0, failed: 0, attempts: 0, retries: 0, removed: 0 };
  const codes: Partial<Record<ErrorCode, number>> = {};
  const failures: FailedDelivery[] = [];
  const latency = createLatencyHistogram();
  let bytes = 0;
  let storeError: DeliveryReport['storeError'];

  function fail(connectionId: string, { code, message }: BroadcastError, attempts: number): void {
    codes[code] = (codes[code] ?? 0) + 1;
    if (failures.length >= maxFailures) return;
    failures.push({ code, reason: message, attempts, ...(includeIds ? { connectionId } : {}) });
  }

  return {
    counts,
    add(connectionId, outcome) {
      const { kind, attempts } = outcome;
      counts[kind]++;
      counts.attempts += attempts;
      if (attempts > 1) counts.retries += attempts - 1;
      if (kind === 'failed') fail(connectionId, outcome.error, attempts);
      if (kind !== 'delivered') return;
      bytes += outcome.bytes;
      latency.record(outcome.latencyMs);
    },
    storeFailed({ code, message }) {
      storeError ??= { code, message };
    },
    report({ id, skipped, uncounted = false, durationMs, stoppedBy, cursor, placed }) {
      const recipients = counts.delivered + counts.stale + counts.failed + skipped;
      return markReport({
        kind: 'sent',
        id,
        recipients,
        ...counts,
        skipped,
        ...(uncounted ? { uncounted } : {}),
        codes,
        bytes,
        durationMs: Math.round(durationMs),
        latencyMs: latency.summary(),
        stoppedBy,
        complete: stoppedBy === 'done',
        ...(cursor === undefined ? {} : { cursor }),
        ...placed,
        failures,
        ...(storeError === undefined ? {} : { storeError }),
      });
    },
  };
}
