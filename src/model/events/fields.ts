/** Where each fact of a websocket event stands. */
import { BroadcastError } from '../../base/errors.js';
import type { HeaderLookup } from '../../base/headers.js';
import type { DisconnectEvent, SocketEvent } from './event.js';
import type { RawEvent, RequestContext } from './raw-event.js';

/** The headers that repeat what `requestContext` says. */
export const HEADER_PREFIX = 'x-yc-apigateway-websocket-';

export function commonFields(
  event: RawEvent,
  context: RequestContext,
  headers: HeaderLookup,
  raw: unknown,
  now: number,
): SocketEvent {
  const connectionId = context.connectionId ?? headers.get(`${HEADER_PREFIX}connection-id`);
  if (connectionId === undefined || connectionId === '') {
    throw invalid('requestContext.connectionId', 'is missing, and so is its header');
  }
  return {
    connectionId,
    connectedAt: connectedAtOf(context, headers, now),
    headers,
    path: event.url ?? event.rawPath ?? event.path ?? event.resource ?? '',
    pathParameters: event.pathParameters ?? event.pathParams ?? {},
    sourceIp: context.identity?.sourceIp ?? headers.get('x-forwarded-for')?.split(',')[0]?.trim(),
    userAgent: context.identity?.userAgent ?? headers.get('user-agent'),
    requestId: context.requestId ?? headers.get('x-request-id'),
    authorizer: context.authorizer,
    operationContext: context.apiGateway?.operationContext,
    raw,
  };
}

/** Never later than now: rows are kept until some time after it. */
function connectedAtOf(context: RequestContext, headers: HeaderLookup, now: number): number {
  return Math.max(0, Math.min(claimedConnectedAt(context, headers, now), now));
}

function claimedConnectedAt(context: RequestContext, headers: HeaderLookup, now: number): number {
  if (context.connectedAt != null) return context.connectedAt;
  const header = headers.get(`${HEADER_PREFIX}connected-at`);
  if (header === undefined) return now;
  if (!/^\d+$/.test(header))
    throw invalid('headers.X-Yc-Apigateway-Websocket-Connected-At', 'expected Unix milliseconds');
  return Number(header);
}

export function messageIdOf(context: RequestContext, headers: HeaderLookup): string | undefined {
  return context.messageId ?? headers.get(`${HEADER_PREFIX}message-id`);
}

export function closeOf(
  context: RequestContext,
  headers: HeaderLookup,
): Pick<DisconnectEvent, 'code' | 'reason'> {
  const header = headers.get(`${HEADER_PREFIX}disconnect-status-code`);
  const code =
    context.disconnectStatusCode ??
    (header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined);
  return { code, reason: context.disconnectReason ?? headers.get(`${HEADER_PREFIX}disconnect-reason`) };
}

export function queryOf(event: RawEvent): Readonly<Record<string, string>> {
  const lists = Object.entries(event.multiValueQueryStringParameters ?? {});
  const query = lists.flatMap(([name, values]) => values.slice(-1).map((last) => [name, last] as const));
  return { ...Object.fromEntries(query), ...event.queryStringParameters };
}

export function subprotocolsOf(headers: HeaderLookup): string[] {
  const offered = headers.get('sec-websocket-protocol') ?? '';
  return offered
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/**
 * The gateway marks every text frame as `application/json`, whatever is in it, and sends binary frames as
 * base64. A base64 body of a text type is text all the same: HTTP payloads of the platform are known to
 * arrive that way.
 */
export function bodyOf(event: RawEvent, headers: HeaderLookup): string | Uint8Array {
  const body = event.body ?? '';
  if (event.isBase64Encoded !== true) return body;
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(body))
    throw invalid('body', 'is not base64, although isBase64Encoded is true');
  const bytes = Buffer.from(body, 'base64');
  return isTextType(headers.get('content-type')) ? bytes.toString('utf8') : new Uint8Array(bytes);
}

function isTextType(contentType: string | undefined): boolean {
  return contentType !== undefined && /^(application\/json|text\/)/i.test(contentType);
}

export function invalid(field: string, problem: string): BroadcastError {
  return new BroadcastError('INVALID_EVENT', `${field}: ${problem}`, { path: field.split('.') });
}
