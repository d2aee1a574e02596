import { context, createContextKey, SpanKind, trace, type Attributes } from '@opentelemetry/api';
import { BroadcastError } from '../../base/errors.js';
import type { BroadcastStart } from '../../model/observer.js';
import type { DeliveryReport, SendReport } from '../../model/report.js';
import { ATTRIBUTES, MESSAGING_SYSTEM, OWN_ATTRIBUTES } from './names.js';
import { defined, markFailed, secondsSince, type TelemetryDeps } from './parts.js';

const A = { ...ATTRIBUTES, ...OWN_ATTRIBUTES };

/** What the attempts of one broadcast share. */
export interface RunningBroadcast {
  /** How many attempts may still get a span. */
  spansLeft: number;
  /** Attempts that have failed, by connection: whoever comes again is a retry. */
  readonly failed: Map<string, number>;
}

const BROADCAST = createContextKey('yc-broadcast broadcast');

export function currentBroadcast(): RunningBroadcast | undefined {
  return context.active().getValue(BROADCAST) as RunningBroadcast | undefined;
}

export const SEND = {
  [A.messagingSystem]: MESSAGING_SYSTEM,
  [A.messagingOperation]: 'send',
  [A.messagingOperationType]: 'send',
} as const;

/** A span around each broadcast. What is counted comes from its report, which costs the sends nothing. */
export function createBroadcastLayer({ tracer, instruments, ids, maxSendSpans }: TelemetryDeps) {
  function measure(destination: string, report: DeliveryReport): void {
    const { broadcastDuration, sentMessages, skipped, retries, sentBytes } = instruments();
    const to = { [A.destination]: destination };
    const sends = { ...SEND, ...to };
    broadcastDuration.record(report.durationMs / 1000, { ...to, [A.stoppedBy]: report.stoppedBy });
    sentMessages.add(report.delivered, sends);
    if (report.stale > 0) sentMessages.add(report.stale, { ...sends, [A.errorType]: 'CONNECTION_STALE' });
    for (const [code, count] of Object.entries(report.codes))
      sentMessages.add(count, { ...sends, [A.errorType]: code });
    if (report.skipped > 0) skipped.add(report.skipped, { ...to, [A.stoppedBy]: report.stoppedBy });
    if (report.retries > 0) retries.add(report.retries, to);
    sentBytes.add(report.bytes, to);
  }

  function startAttributes({ audience }: BroadcastStart, destination: string): Attributes {
    return defined({
      [A.messagingSystem]: MESSAGING_SYSTEM,
      [A.messagingOperation]: 'broadcast',
      [A.messagingOperationType]: 'send',
      [A.destination]: destination,
      [A.roomHash]: 'room' in audience ? ids.hash(audience.room) : undefined,
      [A.userHash]: 'user' in audience ? ids.hash(audience.user) : undefined,
      [A.connectionHash]: 'connection' in audience ? ids.hash(audience.connection) : undefined,
    });
  }

  function endAttributes(report: DeliveryReport): Attributes {
    return {
      [A.messageId]: ids.hash(report.id),
      [A.messageCount]: report.recipients,
      [A.delivered]: report.delivered,
      [A.stale]: report.stale,
      [A.failed]: report.failed,
      [A.skipped]: report.skipped,
      [A.attempts]: report.attempts,
      [A.retries]: report.retries,
      [A.stoppedBy]: report.stoppedBy,
    };
  }

  return async <R extends SendReport>(start: BroadcastStart, next: () => Promise<R>): Promise<R> => {
    if (start.context !== undefined) ids.learnFrom(start.context);
    const destination = destinationOf(start);
    const attributes = startAttributes(start, destination);
    const span = tracer().startSpan(`broadcast ${destination}`, { kind: SpanKind.INTERNAL, attributes });
    const running: RunningBroadcast = { spansLeft: maxSendSpans, failed: new Map() };
    const startedAt = performance.now();
    try {
      const inside = trace.setSpan(context.active(), span).setValue(BROADCAST, running);
      const report = await context.with(inside, next);
      if (report.kind === 'dispatched') {
        span.setAttribute(A.messageId, ids.hash(report.id));
        return report;
      }
      span.setAttributes(endAttributes(report));
      if (report.storeError !== undefined) markFailed(span, report.storeError.code);
      measure(destination, report);
      return report;
    } catch (reason) {
      const { code } = BroadcastError.from(reason);
      markFailed(span, code);
      const failed = { [A.destination]: destination, [A.errorType]: code };
      instruments().broadcastDuration.record(secondsSince(startedAt), failed);
      throw reason;
    } finally {
      span.end();
    }
  };
}

function destinationOf({ audience }: BroadcastStart): string {
  if ('room' in audience) return 'room {room}';
  if ('rooms' in audience) return 'rooms';
  if ('connection' in audience) return 'connection {connection}';
  return 'user' in audience ? 'user {user}' : 'all';
}
