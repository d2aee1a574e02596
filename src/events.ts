/**
 * What the gateway delivers to a function, as one union of our own.
 *
 * The published samples of websocket events differ from each other and from the typings, and which payload format they
 * follow is not documented. So every field is looked for where any of the formats has it: `requestContext` first, then
 * the `X-Yc-Apigateway-Websocket-*` headers, which always carry the same facts.
 */
import * as z from 'zod/mini';
import { BroadcastError } from './errors.js';
import { headerLookup, type HeaderLookup } from './headers.js';
import { check, firstIssue, lazily } from './options.js';

/** What all three websocket events have in common. */
export interface SocketEvent {
  readonly connectionId: string;
  /** When the gateway accepted the connection, in Unix milliseconds. */
  readonly connectedAt: number;
  readonly headers: HeaderLookup;
  /** The path of the request as the client wrote it. */
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly sourceIp: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string | undefined;
  /** What the gateway's authorizer returned, when there is one. */
  readonly authorizer: unknown;
  /** The `context` of the gateway's specification, when there is one. */
  readonly operationContext: unknown;
  /** The event as it was delivered. */
  readonly raw: unknown;
}

export interface ConnectEvent extends SocketEvent {
  readonly kind: 'connect';
  /** Query parameters; of several equal names, the last. They are not repeated in later events. */
  readonly query: Readonly<Record<string, string>>;
  /** The subprotocols that the client offers, in its order. */
  readonly subprotocols: readonly string[];
}

export interface MessageEvent extends SocketEvent {
  readonly kind: 'message';
  /** Unique; the lexicographic order of ids is the order in time. */
  readonly messageId: string | undefined;
  /** A text frame is a string, a binary frame bytes. */
  readonly body: string | Uint8Array;
}

export interface DisconnectEvent extends SocketEvent {
  readonly kind: 'disconnect';
  /** Close code of RFC 6455, section 7.4. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
}

/** An event that has nothing to do with a websocket. `type` is a guess from its shape, for apps that route by it. */
export interface OtherEvent {
  readonly kind: 'other';
  readonly type: 'http' | 'queue' | 'timer' | 'unknown';
  readonly raw: unknown;
}

export type WebSocketEvent = ConnectEvent | MessageEvent | DisconnectEvent;
export type GatewayEvent = WebSocketEvent | OtherEvent;

// A catch-all does what `z.record` does, with code that is in the bundle anyway.
const strings = () => z.nullish(z.catchall(z.object({}), z.string()));
const stringLists = () => z.nullish(z.catchall(z.object({}), z.array(z.string())));
const text = () => z.nullish(z.string());
const number = () =>
  z.nullish(z.union([z.number(), z.pipe(z.string().check(z.regex(/^\d+$/)), z.transform(Number))]));

const requestContextSchema = lazily(() =>
  z.object({
    connectionId: text(),
    eventType: text(),
    connectedAt: number(),
    messageId: text(),
    disconnectStatusCode: number(),
    disconnectReason: text(),
    requestId: text(),
    requestTimeEpoch: number(),
    identity: z.nullish(z.object({ sourceIp: text(), userAgent: text() })),
    authorizer: z.optional(z.unknown()),
    apiGateway: z.nullish(z.object({ operationContext: z.optional(z.unknown()) })),
  }),
);

const eventSchema = lazily(() =>
  z.object({
    requestContext: z.nullish(requestContextSchema()),
    headers: strings(),
    multiValueHeaders: stringLists(),
    queryStringParameters: strings(),
    multiValueQueryStringParameters: stringLists(),
    pathParameters: strings(),
    pathParams: strings(),
    path: text(),
    url: text(),
    rawPath: text(),
    resource: text(),
    body: text(),
    isBase64Encoded: z.nullish(z.boolean()),
  }),
);

type RawEvent = z.output<ReturnType<typeof eventSchema>>;
type RequestContext = z.output<ReturnType<typeof requestContextSchema>>;

const HEADER = 'x-yc-apigateway-websocket-';

/**
 * Reads anything that a function can be called with. Throws `INVALID_EVENT` that names the field when a websocket
 * event is malformed; what is no websocket event at all comes back as `other`.
 *
 * @param now Used as `connectedAt` when the event does not carry it, in Unix milliseconds.
 */
export function parseEvent(raw: unknown, now: number = Date.now()): GatewayEvent {
  if (!claimsToBeWebSocket(raw)) return { kind: 'other', type: otherType(raw), raw };
  const result = check(eventSchema(), raw);
  if (!result.success) {
    const { path, message } = firstIssue(result.error);
    throw invalid(path.join('.'), message);
  }
  return webSocketEvent(result.data, raw, now);
}

function claimsToBeWebSocket(raw: unknown): boolean {
  if (!isRecord(raw)) return false;
  const context = raw['requestContext'];
  if (isRecord(context) && ('eventType' in context || 'connectionId' in context)) return true;
  return rawHeaders(raw).some(([name]) => name.startsWith(HEADER));
}

/** What a websocket event says it is, well-formed or not. */
export function claimedEventType(raw: unknown): unknown {
  if (!isRecord(raw)) return undefined;
  const context = raw['requestContext'];
  const fromContext = isRecord(context) ? context['eventType'] : undefined;
  return fromContext ?? rawHeaders(raw).find(([name]) => name === `${HEADER}event-type`)?.[1];
}

function rawHeaders(raw: Record<string, unknown>): (readonly [name: string, value: unknown])[] {
  const headers = raw['headers'];
  if (!isRecord(headers)) return [];
  return Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
}

function webSocketEvent(event: RawEvent, raw: unknown, now: number): WebSocketEvent {
  const context: RequestContext = event.requestContext ?? {};
  const headers = headerLookup(event.headers ?? {}, event.multiValueHeaders ?? {});
  const common = commonFields(event, context, headers, raw, now);
  const eventType = context.eventType ?? headers.get(`${HEADER}event-type`);
  switch (eventType) {
    case 'CONNECT':
      return { kind: 'connect', ...common, query: queryOf(event), subprotocols: subprotocolsOf(headers) };
    case 'MESSAGE':
      return {
        kind: 'message',
        ...common,
        messageId: messageIdOf(context, headers),
        body: bodyOf(event, headers),
      };
    case 'DISCONNECT':
      return { kind: 'disconnect', ...common, ...closeOf(context, headers) };
    default:
      throw invalid(
        'requestContext.eventType',
        `expected CONNECT, MESSAGE or DISCONNECT, got ${String(eventType)}`,
      );
  }
}

function commonFields(
  event: RawEvent,
  context: RequestContext,
  headers: HeaderLookup,
  raw: unknown,
  now: number,
): SocketEvent {
  const connectionId = context.connectionId ?? headers.get(`${HEADER}connection-id`);
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

function connectedAtOf(context: RequestContext, headers: HeaderLookup, now: number): number {
  if (context.connectedAt != null) return context.connectedAt;
  const header = headers.get(`${HEADER}connected-at`);
  if (header === undefined) return now;
  if (!/^\d+$/.test(header))
    throw invalid('headers.X-Yc-Apigateway-Websocket-Connected-At', 'expected Unix milliseconds');
  return Number(header);
}

function messageIdOf(context: RequestContext, headers: HeaderLookup): string | undefined {
  return context.messageId ?? headers.get(`${HEADER}message-id`);
}

function closeOf(context: RequestContext, headers: HeaderLookup): Pick<DisconnectEvent, 'code' | 'reason'> {
  const header = headers.get(`${HEADER}disconnect-status-code`);
  const code =
    context.disconnectStatusCode ??
    (header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined);
  return { code, reason: context.disconnectReason ?? headers.get(`${HEADER}disconnect-reason`) };
}

function queryOf(event: RawEvent): Readonly<Record<string, string>> {
  const query: Record<string, string> = {};
  for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {})) {
    const last = values.at(-1);
    if (last !== undefined) query[name] = last;
  }
  return { ...query, ...event.queryStringParameters };
}

function subprotocolsOf(headers: HeaderLookup): string[] {
  const offered = headers.get('sec-websocket-protocol') ?? '';
  return offered
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/**
 * The gateway marks every text frame as `application/json`, whatever is in it, and sends binary frames as base64. A
 * base64 body of a text type is text all the same: HTTP payloads of the platform are known to arrive that way.
 */
function bodyOf(event: RawEvent, headers: HeaderLookup): string | Uint8Array {
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

function otherType(raw: unknown): OtherEvent['type'] {
  if (!isRecord(raw)) return 'unknown';
  const context = raw['requestContext'];
  if ('httpMethod' in raw || (isRecord(context) && ('httpMethod' in context || 'http' in context)))
    return 'http';
  const messages = raw['messages'];
  const first: unknown = Array.isArray(messages) ? messages[0] : undefined;
  return isRecord(first) ? triggerType(first) : 'unknown';
}

function triggerType(message: Record<string, unknown>): OtherEvent['type'] {
  const metadata = message['event_metadata'];
  const eventType = isRecord(metadata) ? metadata['event_type'] : undefined;
  if (typeof eventType !== 'string') return 'unknown';
  if (eventType.includes('messagequeue')) return 'queue';
  return eventType.includes('timer') || eventType.includes('TimerMessage') ? 'timer' : 'unknown';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(field: string, problem: string): BroadcastError {
  return new BroadcastError('INVALID_EVENT', `${field}: ${problem}`, { path: field.split('.') });
}
