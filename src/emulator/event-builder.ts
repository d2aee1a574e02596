/**
 * Events exactly as the gateway delivers them, after the samples that Yandex published with its typings: which fields
 * each kind has, the casing of headers, seconds here and milliseconds there. What the samples disagree on is as in the
 * samples, not as in the typings.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createMessageIds } from './ids.js';

/** What stays the same for all events of one connection. */
export interface Handshake {
  readonly connectionId: string;
  readonly connectedAt: number;
  readonly template: string;
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly sourceIp: string;
}

/** Reads the handshake from the upgrade request. */
export function readHandshake(
  request: IncomingMessage,
  facts: Pick<Handshake, 'connectionId' | 'connectedAt' | 'template' | 'pathParameters'> & {
    readonly gatewayId: string;
  },
): Handshake {
  const url = new URL(request.url ?? '/', 'http://gateway');
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const own: Record<string, string> = {
    'X-Forwarded-For': sourceIp,
    'X-Forwarded-Proto': 'https',
    'X-Real-Remote-Address': `${sourceIp}:${request.socket.remotePort ?? 0}`,
    'X-Envoy-Original-Path': request.url ?? '/',
    'X-Serverless-Gateway-Id': facts.gatewayId,
  };
  const { headers, multiValueHeaders } = canonicalHeaders(request.rawHeaders, own);
  const { gatewayId: _gatewayId, ...rest } = facts;
  return { ...rest, path: url.pathname, query: url.searchParams, headers, multiValueHeaders, sourceIp };
}

/** Headers of the connection itself do not reach a function. */
const HOP_BY_HOP = new Set([
  'connection',
  'upgrade',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'proxy-connection',
]);

function canonicalHeaders(raw: readonly string[], own: Readonly<Record<string, string>>) {
  const multiValueHeaders: Record<string, string[]> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!HOP_BY_HOP.has(name.toLowerCase()))
      (multiValueHeaders[canonicalName(name)] ??= []).push(raw[i + 1] ?? '');
  }
  for (const [name, value] of Object.entries(own)) multiValueHeaders[name] = [value];
  const headers = Object.fromEntries(
    Object.entries(multiValueHeaders).map(([name, values]) => [name, values.at(-1) ?? '']),
  );
  return { headers, multiValueHeaders };
}

/** As Go writes header names: `sec-websocket-key` becomes `Sec-Websocket-Key`. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

type EventType = 'CONNECT' | 'MESSAGE' | 'DISCONNECT';
const METHOD: Readonly<Record<EventType, string>> = { CONNECT: 'GET', MESSAGE: 'POST', DISCONNECT: 'DELETE' };

export interface EventBuilder {
  connect(handshake: Handshake): Record<string, unknown>;
  message(handshake: Handshake, body: Buffer, isBinary: boolean): Record<string, unknown>;
  disconnect(handshake: Handshake, code: number, reason: string): Record<string, unknown>;
}

export function createEventBuilder(now: () => number): EventBuilder {
  const nextMessageId = createMessageIds();

  function event(
    handshake: Handshake,
    eventType: EventType,
    extraHeaders: Readonly<Record<string, string>>,
    extraContext: Readonly<Record<string, unknown>>,
  ): Record<string, unknown> {
    const { connectionId, connectedAt, template, path, pathParameters, sourceIp } = handshake;
    const requestId = randomUUID();
    const added = {
      'X-Request-Id': requestId,
      'X-Trace-Id': randomUUID(),
      'X-Yc-Apigateway-Websocket-Connected-At': String(connectedAt),
      'X-Yc-Apigateway-Websocket-Connection-Id': connectionId,
      'X-Yc-Apigateway-Websocket-Event-Type': eventType,
      ...extraHeaders,
    };
    const lists = Object.fromEntries(Object.entries(added).map(([name, value]) => [name, [value]]));
    return {
      resource: template,
      path,
      pathParameters,
      headers: { ...handshake.headers, ...added },
      multiValueHeaders: { ...handshake.multiValueHeaders, ...lists },
      requestContext: {
        identity: { sourceIp, userAgent: handshake.headers['User-Agent'] ?? '' },
        httpMethod: METHOD[eventType],
        requestId,
        requestTime: requestTime(now()),
        requestTimeEpoch: Math.floor(now() / 1000),
        connectionId,
        connectedAt,
        eventType,
        ...extraContext,
      },
      parameters: pathParameters,
      multiValueParameters: Object.fromEntries(
        Object.entries(pathParameters).map(([name, value]) => [name, [value]]),
      ),
      operationId: operationId(template, eventType),
    };
  }

  return {
    connect(handshake) {
      const { query } = handshake;
      const names = [...new Set(query.keys())];
      return {
        httpMethod: 'GET',
        ...event(handshake, 'CONNECT', {}, {}),
        queryStringParameters: Object.fromEntries(
          names.map((name) => [name, query.getAll(name).at(-1) ?? '']),
        ),
        multiValueQueryStringParameters: Object.fromEntries(names.map((name) => [name, query.getAll(name)])),
      };
    },
    message(handshake, body, isBinary) {
      const messageId = nextMessageId();
      const headers = {
        // The gateway marks every text message as JSON, whatever is in it. Documented.
        'Content-Type': isBinary ? 'application/octet-stream' : 'application/json',
        'Content-Length': String(body.length),
        'X-Yc-Apigateway-Websocket-Message-Id': messageId,
      };
      return {
        ...event(handshake, 'MESSAGE', headers, { messageId }),
        body: body.toString(isBinary ? 'base64' : 'utf8'),
        isBase64Encoded: isBinary,
      };
    },
    disconnect(handshake, code, reason) {
      const headers = {
        'X-Yc-Apigateway-Websocket-Disconnect-Reason': reason,
        'X-Yc-Apigateway-Websocket-Disconnect-Status-Code': String(code),
      };
      return event(handshake, 'DISCONNECT', headers, {
        disconnectStatusCode: code,
        disconnectReason: reason,
      });
    },
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `4/Jan/2023:23:47:03 +0000`: the day is not padded. */
function requestTime(now: number): string {
  const time = new Date(now);
  const clock = time.toISOString().slice(11, 19);
  return `${time.getUTCDate()}/${MONTHS[time.getUTCMonth()] ?? ''}/${time.getUTCFullYear()}:${clock} +0000`;
}

/** Stable, 64 hexadecimal digits, as where a specification names no operation. */
function operationId(template: string, eventType: EventType): string {
  return createHash('sha256').update(`${eventType} ${template}`).digest('hex');
}
