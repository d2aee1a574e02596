/** What the timeline says of sockets and function calls. */
import type { CloseCause, OpenConnection } from './connections.js';
import type { Handshake } from './event-builder.js';
import type { FunctionResponse, Invocation } from './invoker.js';
import type { Timeline } from './timeline.js';

/** How a function call went, in the terms of the timeline. */
export function resultOf({ status, response, problem, durationMs, instance }: Invocation) {
  return {
    status: response?.statusCode ?? status,
    durationMs,
    instance: instance?.id,
    coldMs: instance?.coldMs,
    reason: problem,
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
  invocation: Invocation,
  isAccepted: boolean,
): void {
  const result = resultOf(invocation);
  const body = invocation.response?.body ?? Buffer.alloc(0);
  const refusal = result.reason ?? body.toString('utf8').slice(0, 200);
  timeline.add({
    type: 'connect',
    connectionId,
    path,
    ...result,
    ...(isAccepted ? { replyBytes: body.length } : { reason: refusal }),
    level: isAccepted ? 'info' : result.level === 'error' ? 'error' : 'warning',
  });
}

/** A handshake that no function was asked about: the specification has no connect operation for the path. */
export function logUnaskedConnect(timeline: Timeline, { connectionId, path }: Handshake): void {
  timeline.add({ type: 'connect', connectionId, path, status: 200, reason: 'no connect operation' });
}

export function logMessage(
  timeline: Timeline,
  connection: OpenConnection,
  body: Buffer,
  isBinary: boolean,
  invocation: Invocation,
): void {
  const { response } = invocation;
  const result = resultOf(invocation);
  const warning = response === undefined ? undefined : warningOf(response);
  timeline.add({
    type: 'message',
    connectionId: connection.id,
    path: connection.handshake.path,
    ...result,
    bytes: body.length,
    frame: isBinary ? 'binary' : 'text',
    replyBytes: response?.statusCode === 200 ? response.body.length : undefined,
    reason: result.reason ?? warning,
    level: warning === undefined ? result.level : 'warning',
  });
}

/** What works here and may not be what was meant. */
function warningOf(response: FunctionResponse): string | undefined {
  if (response.statusCode !== 200)
    return 'what a client sees of a status other than 200 is not documented; nothing was sent';
  if (response.body.length > 0 && response.headers['content-type'] === undefined) {
    return 'no Content-Type: the reply is a binary frame, a Blob in a browser';
  }
  return undefined;
}

const CLOSED_BY = {
  client: 'by the client',
  api: 'by Disconnect',
  gateway: 'by the gateway',
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
    level: by === 'gateway' ? 'warning' : 'info',
  });
}
