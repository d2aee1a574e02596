/** Events as the gateway delivers them, after the published samples: names, casing and units included. */
import type { FunctionContext } from 'yc-broadcast';

const CONNECTED_AT = 1_672_875_978_785;

interface Common {
  readonly connectionId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connectedAt?: number;
}

function headersOf(
  eventType: string,
  { connectionId = 'c1', headers = {}, connectedAt = CONNECTED_AT }: Common,
) {
  return {
    Host: 'd5dexample.abcd1234.apigw.yandexcloud.net',
    'User-Agent': 'Mozilla/5.0',
    'X-Forwarded-For': '203.0.113.7',
    'X-Request-Id': '807f3cc0-8d62-4424-b9ca-84e0c05e53a7',
    'X-Yc-Apigateway-Websocket-Connected-At': String(connectedAt),
    'X-Yc-Apigateway-Websocket-Connection-Id': connectionId,
    'X-Yc-Apigateway-Websocket-Event-Type': eventType,
    ...headers,
  };
}

function requestContextOf(
  eventType: string,
  httpMethod: string,
  { connectionId = 'c1', connectedAt = CONNECTED_AT }: Common,
) {
  return {
    identity: { sourceIp: '203.0.113.7', userAgent: 'Mozilla/5.0' },
    httpMethod,
    requestId: '807f3cc0-8d62-4424-b9ca-84e0c05e53a7',
    requestTime: '4/Jan/2023:23:47:03 +0000',
    requestTimeEpoch: 1_672_876_023,
    connectionId,
    connectedAt,
    eventType,
  };
}

export function connectEvent(options: Common & { readonly query?: Readonly<Record<string, string>> } = {}) {
  return {
    httpMethod: 'GET',
    resource: '/ws/{room}',
    path: '/ws/lobby',
    pathParameters: { room: 'lobby' },
    headers: headersOf('CONNECT', options),
    multiValueHeaders: {},
    queryStringParameters: options.query ?? {},
    multiValueQueryStringParameters: {},
    requestContext: requestContextOf('CONNECT', 'GET', options),
    parameters: {},
    multiValueParameters: {},
    operationId: 'wsConnect',
  };
}

export function messageEvent(body: unknown, options: Common = {}) {
  const isBinary = body instanceof Uint8Array;
  return {
    resource: '/ws/{room}',
    path: '/ws/lobby',
    pathParameters: { room: 'lobby' },
    headers: headersOf('MESSAGE', {
      ...options,
      headers: {
        'Content-Type': isBinary ? 'application/octet-stream' : 'application/json',
        ...options.headers,
      },
    }),
    multiValueHeaders: {},
    body: isBinary
      ? Buffer.from(body).toString('base64')
      : typeof body === 'string'
        ? body
        : JSON.stringify(body),
    isBase64Encoded: isBinary,
    requestContext: {
      ...requestContextOf('MESSAGE', 'POST', options),
      messageId: '6hi603qp8p317bpm1rtopdh5cch2ta',
    },
    parameters: {},
    multiValueParameters: {},
    operationId: 'wsMessage',
  };
}

export function disconnectEvent(options: Common & { readonly code?: number; readonly reason?: string } = {}) {
  return {
    resource: '/ws/{room}',
    path: '/ws/lobby',
    pathParameters: { room: 'lobby' },
    headers: headersOf('DISCONNECT', options),
    multiValueHeaders: {},
    requestContext: {
      ...requestContextOf('DISCONNECT', 'DELETE', options),
      disconnectStatusCode: options.code ?? 1001,
      ...(options.reason === undefined ? {} : { disconnectReason: options.reason }),
    },
    parameters: {},
    multiValueParameters: {},
    operationId: 'wsDisconnect',
  };
}

export function functionContext(overrides: Partial<FunctionContext> = {}): FunctionContext {
  return {
    requestId: 'r1',
    functionName: 'd4efunction',
    functionVersion: 'd4eversion',
    memoryLimitInMB: '128',
    getRemainingTimeInMillis: () => 10_000,
    ...overrides,
  };
}
