/** What the timeline says of sockets and function calls. */
import type { CloseCause, OpenConnection } from '../sockets/connections.js';
import type { Handshake } from '../events/event-builder.js';
import type { StruckInvocation } from '../calls/calls.js';
import type { Reply } from '../sockets/reply.js';
import type { NewEntry, Timeline } from './timeline.js';

/** An HTTP request and its answer. */
export function logHttp(
  timeline: Timeline,
  { method, path }: { readonly method: string; readonly path: string },
  answer: Omit<NewEntry, 'type' | 'method' | 'path'>,
): void {
  timeline.add({ type: 'http', method, path, ...answer });
}

/** How a function call went, in the terms of the timeline. */
export function resultOf({ status, response, problem, durationMs, instance, fault }: StruckInvocation) {
  return {
    status: response?.statusCode ?? status,
    durationMs,
    instance: instance?.id,
    coldMs: instance?.coldMs,
    reason: problem,
    fault,
    level: problem === undefined ? ('info' as const) : ('error' as const),
  };
}

export function logNoSuchPath(timeline: Timeline, path: string, known: string): void {
  const reason = `no such path; there is ${known}`;
  timeline.add({ type: 'connect', path, status: 404, reason, level: 'warning' });
}

export function logConnect(
  timeline: Timeline,
  { connectionId, path }: Handshake,
  invocation: StruckInvocation,
  /** What an accepted client gets as its first message. */
  first: Pick<Reply, 'data' | 'warning'> | undefined,
  fault: string | undefined,
): void {
  const result = resultOf(invocation);
  const body = invocation.response?.body ?? Buffer.alloc(0);
  const refusal = result.reason ?? body.toString('utf8').slice(0, 200);
  timeline.add({
    type: 'connect',
    connectionId,
    path,
    ...result,
    replyBytes: first && (first.data?.length ?? 0),
    reason: first === undefined ? refusal : first.warning,
    fault: bothFaults(fault, result.fault),
    level: first === undefined ? refusalLevel(result) : first.warning === undefined ? 'info' : 'warning',
  });
}

function refusalLevel({ level }: ReturnType<typeof resultOf>): 'error' | 'warning' {
  return level === 'error' ? 'error' : 'warning';
}

/** One thing can be struck at two points: a message that came twice, by an instance that was killed. */
function bothFaults(...faults: readonly (string | undefined)[]): string | undefined {
  const acted = faults.filter((fault) => fault !== undefined);
  return acted.length === 0 ? undefined : acted.join(' ');
}

/** A handshake that no function was asked about: the specification has no connect operation for the path. */
export function logUnaskedConnect(
  timeline: Timeline,
  { connectionId, path }: Handshake,
  fault: string | undefined,
): void {
  timeline.add({ type: 'connect', connectionId, path, status: 200, reason: 'no connect operation', fault });
}

/** A handshake that the authorizer refused. */
export function logUnauthorized(
  timeline: Timeline,
  { connectionId, path }: Handshake,
  { status, problem }: { readonly status: number; readonly problem: string },
): void {
  const level = status === 500 ? 'error' : 'warning';
  timeline.add({ type: 'connect', connectionId, path, status, reason: problem, level });
}

/** Says once what becomes of the header. */
export function createAuthorizationNotice(timeline: Timeline): () => void {
  let isTold = false;
  return () => {
    if (isTold) return;
    isTold = true;
    timeline.add({
      type: 'notice',
      reason:
        'the Authorization header is not passed to functions, as the platform documents; only authorizers see it. ' +
        'A token for the function can travel in a cookie, the query or the subprotocol',
      level: 'warning',
    });
  };
}

/** A handshake that a fault refused before the function was asked. */
export function logStruckConnect(
  timeline: Timeline,
  { connectionId, path }: Handshake,
  status: number | undefined,
  fault: string,
): void {
  const reason = status === undefined ? 'cut off by an injected fault' : 'refused by an injected fault';
  timeline.add({ type: 'connect', connectionId, path, status, reason, fault, level: 'warning' });
}

/** A client that went away before its handshake was answered. */
export function logLostHandshake(
  timeline: Timeline,
  { connectionId, path }: Handshake,
  fault: string | undefined,
): void {
  timeline.add({ type: 'close', connectionId, path, status: 1006, reason: 'by the client', fault });
}

export function logMessage(
  timeline: Timeline,
  connection: OpenConnection,
  body: Buffer,
  isBinary: boolean,
  invocation: StruckInvocation,
  { data, warning }: Pick<Reply, 'data' | 'warning'>,
  fault: string | undefined,
): void {
  const result = resultOf(invocation);
  timeline.add({
    type: 'message',
    connectionId: connection.id,
    path: connection.handshake.path,
    ...result,
    bytes: body.length,
    frame: isBinary ? 'binary' : 'text',
    replyBytes: data?.length,
    reason: result.reason ?? warning,
    fault: bothFaults(fault, result.fault),
    level: warning === undefined ? result.level : 'warning',
  });
}

/** A message that a fault kept from the function. */
export function logDroppedMessage(
  timeline: Timeline,
  { id, handshake }: OpenConnection,
  body: Buffer,
  isBinary: boolean,
  fault: string | undefined,
): void {
  timeline.add({
    type: 'message',
    connectionId: id,
    path: handshake.path,
    bytes: body.length,
    frame: isBinary ? 'binary' : 'text',
    reason: 'dropped by an injected fault',
    fault,
    level: 'warning',
  });
}

export function logDisconnect(
  timeline: Timeline,
  { connectionId, path }: Handshake,
  invocation: StruckInvocation,
  fault: string | undefined,
): void {
  const result = resultOf(invocation);
  const lost = invocation.status === 429 ? '; the event is lost, and the connection stays in the store' : '';
  const reason = result.reason && result.reason + lost;
  const faults = bothFaults(fault, result.fault);
  timeline.add({ type: 'disconnect', connectionId, path, ...result, reason, fault: faults });
}

export function logLostDisconnect(
  timeline: Timeline,
  { connectionId, path }: Handshake,
  fault: string,
): void {
  const reason = 'not delivered because of an injected fault';
  timeline.add({ type: 'disconnect', connectionId, path, reason, fault, level: 'warning' });
}

const CLOSED_BY = {
  client: 'by the client',
  api: 'by Disconnect',
  gateway: 'by the gateway',
  fault: 'on purpose',
  inspector: 'by hand',
};

export function logClose(timeline: Timeline, connection: OpenConnection, cause: CloseCause): void {
  const { code, reason, by } = cause;
  timeline.add({
    type: 'close',
    connectionId: connection.id,
    path: connection.handshake.path,
    status: code,
    reason: reason === '' ? CLOSED_BY[by] : `${CLOSED_BY[by]}: ${reason}`,
    level: by === 'gateway' || by === 'fault' ? 'warning' : 'info',
  });
}
