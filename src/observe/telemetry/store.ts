import { context, SpanKind, trace, type Attributes } from '@opentelemetry/api';
import type { StoredConnection } from '../../model/connection.js';
import { BroadcastError } from '../../base/errors.js';
import type { ConnectionStore, HistoryRead, Page } from '../../model/store.js';
import { withMethods, withProperties, type AroundMethod } from '../observed-methods.js';
import { ATTRIBUTES as A } from './names.js';
import { currentInvocation, markFailed, secondsSince, type TelemetryDeps } from './parts.js';

const CONNECTIONS = ['put', 'get', 'setAttributes', 'remove', 'join', 'leave', 'rooms', 'list', 'count'];
/** By the property of the store that has them. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  history: ['append', 'read'],
  records: ['read', 'write', 'remove'],
};

/** As the conventions call the databases that they know. */
const SYSTEMS: Readonly<Record<string, string>> = { postgres: 'postgresql' };

/** A span and a measurement for every operation of a store, its history and its records. */
export function observeStore(store: ConnectionStore, parts: TelemetryDeps): ConnectionStore {
  const system = SYSTEMS[store.name] ?? store.name;
  const around = (what: string): AroundMethod => aroundOperation(parts, system, what);
  const connections = withMethods(store, CONNECTIONS, around(''));
  return withProperties(connections, (name, value) => {
    const operations = BESIDE[name];
    if (operations === undefined || typeof value !== 'object' || value === null) return undefined;
    return withMethods(value, operations, around(`${name}.`));
  });
}

function aroundOperation(
  { tracer, instruments, ids }: TelemetryDeps,
  system: string,
  what: string,
): AroundMethod {
  /** Whose connection it is stands in the store only. */
  function tellUser(operation: string, args: readonly unknown[], result: unknown): void {
    if (operation !== 'get' && operation !== 'put') return;
    const invocation = currentInvocation();
    const connection = (operation === 'put' ? args[0] : result) as StoredConnection | undefined;
    if (invocation === undefined || connection?.user === undefined) return;
    if (connection.id === invocation.connectionId)
      invocation.span.setAttribute(A.userHash, ids.hash(connection.user));
  }

  return async (name, args, run) => {
    const operation = `${what}${name}`;
    const attributes: Attributes = { [A.dbSystem]: system, [A.dbOperation]: operation };
    const span = tracer().startSpan(operation, { kind: SpanKind.CLIENT, attributes });
    const startedAt = performance.now();
    try {
      const result = await context.with(trace.setSpan(context.active(), span), run);
      const rows = rowsOf(operation, result);
      if (rows !== undefined) span.setAttribute(A.dbRows, rows);
      tellUser(operation, args, result);
      instruments().storeDuration.record(secondsSince(startedAt), attributes);
      return result;
    } catch (reason) {
      const { code } = BroadcastError.from(reason);
      markFailed(span, code);
      instruments().storeDuration.record(secondsSince(startedAt), { ...attributes, [A.errorType]: code });
      throw reason;
    } finally {
      span.end();
    }
  };
}

function rowsOf(operation: string, result: unknown): number | undefined {
  if (operation === 'list') return (result as Page).connections.length;
  return operation === 'history.read' ? (result as HistoryRead).entries.length : undefined;
}
