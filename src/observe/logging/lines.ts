import type { InvocationAnswer } from '../../model/observer.js';
import type { BroadcastStart, Invocation } from '../../model/observer.js';
import type { Dispatched } from '../../model/dispatched-broadcast.js';
import type { DeliveryReport } from '../../model/report.js';
import { factsOf } from '../call-facts.js';
import type { IdHasher } from '../hash.js';
import type { ObservedOutcome } from '../outcome.js';
import type { LogFields, LogLevel } from './logger.js';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface EndedInvocation extends ObservedOutcome {
  readonly durationMs: number;
  readonly answer: InvocationAnswer | undefined;
  readonly user: string | undefined;
  readonly isFirst: boolean;
}

const LEVEL_OF = { ok: 'INFO', refused: 'WARN', error: 'ERROR' } as const;

/** How one call went. */
export function invocationLine(call: Invocation, end: EndedInvocation, ids: IdHasher): LogLine {
  const { event: kind, type, route } = factsOf(call);
  const { event, context } = call;
  const { outcome, code } = end;
  const durationMs = rounded(end.durationMs);
  const what = type === undefined ? kind : `${kind} ${type}`;
  return {
    level: LEVEL_OF[outcome],
    message: `${what}: ${outcome === 'ok' ? 'ok' : `${outcome} ${code ?? ''}`}, ${durationMs} ms`,
    fields: {
      line: 'invocation',
      connection: event.kind === 'other' ? undefined : ids.hash(event.connectionId),
      user: hashed(ids, end.user),
      coldStart: end.isFirst || undefined,
      event: kind,
      type,
      route,
      outcome,
      code,
      status: kind === 'connect' || kind === 'http' ? end.answer?.statusCode : undefined,
      closeCode: event.kind === 'disconnect' ? event.code : undefined,
      durationMs,
      requestId: requestIdOf(call),
      functionVersion: context.functionVersion,
    },
  };
}

/** What became of one broadcast: the report's counts and codes, and nothing that names a recipient. */
export function broadcastLine(start: BroadcastStart, report: DeliveryReport, ids: IdHasher): LogLine {
  const { recipients, delivered, stale, failed, skipped, uncounted, complete, stoppedBy, storeError } =
    report;
  const isWhole = complete && failed === 0 && storeError === undefined;
  const level = isWhole ? 'INFO' : storeError === undefined ? 'WARN' : 'ERROR';
  const unreached = [counted(stale, 'stale'), counted(failed, 'failed'), counted(skipped, 'skipped')].join(
    '',
  );
  const why = complete ? '' : `, stopped by ${stoppedBy}`;
  return {
    level,
    message: `broadcast to ${audienceKind(start)}: ${delivered} of ${recipients} delivered${unreached}${why}, ${report.durationMs} ms`,
    fields: {
      line: 'broadcast',
      ...audienceFields(start, ids),
      broadcast: ids.hash(report.id),
      recipients,
      delivered,
      stale,
      failed,
      skipped,
      uncounted,
      codes: report.codes,
      attempts: report.attempts,
      retries: report.retries,
      bytes: report.bytes,
      durationMs: report.durationMs,
      p95Ms: report.latencyMs.p95,
      complete,
      stoppedBy,
      storeError: storeError?.code,
      requestId: start.context?.requestId,
    },
  };
}

/** A broadcast that `send` has handed to workers, each of whose pages gets a line of its own. */
export function dispatchLine(start: BroadcastStart, report: Dispatched, ids: IdHasher): LogLine {
  const { id, shards, expected } = report;
  return {
    level: 'INFO',
    message: `broadcast to ${audienceKind(start)}: dispatched to workers in ${shards} jobs, ${expected} expected`,
    fields: {
      line: 'dispatch',
      ...audienceFields(start, ids),
      broadcast: ids.hash(id),
      shards,
      expected,
      requestId: start.context?.requestId,
    },
  };
}

/** A broadcast that could not even begin. */
export function refusedBroadcastLine(start: BroadcastStart, code: string, ids: IdHasher): LogLine {
  return {
    level: 'ERROR',
    message: `broadcast to ${audienceKind(start)}: refused ${code}`,
    fields: { line: 'broadcast', ...audienceFields(start, ids), code, requestId: start.context?.requestId },
  };
}

function audienceKind({
  audience,
}: BroadcastStart): 'a room' | 'several rooms' | 'a user' | 'a connection' | 'all' {
  if ('room' in audience) return 'a room';
  if ('rooms' in audience) return 'several rooms';
  if ('connection' in audience) return 'a connection';
  return 'user' in audience ? 'a user' : 'all';
}

function audienceFields({ audience }: BroadcastStart, ids: IdHasher): LogFields {
  if ('room' in audience) return { to: 'room', room: ids.hash(audience.room) };
  if ('rooms' in audience) return { to: 'rooms', rooms: audience.rooms.map(ids.hash).join(' ') };
  if ('connection' in audience) return { to: 'connection', connection: ids.hash(audience.connection) };
  return 'user' in audience ? { to: 'user', user: ids.hash(audience.user) } : { to: 'all' };
}

/** The platform's id of a call; the gateway's, where the platform gives none. */
export function requestIdOf({ event, context }: Invocation): string | undefined {
  return context.requestId ?? (event.kind === 'other' ? undefined : event.requestId);
}

function hashed(ids: IdHasher, id: string | undefined): string | undefined {
  return id === undefined ? undefined : ids.hash(id);
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `, ${count} ${what}`;
}

function rounded(ms: number): number {
  return ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms);
}
