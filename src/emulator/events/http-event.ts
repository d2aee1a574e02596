/** HTTP requests as functions get them behind the gateway, in each of the payload formats. */
import { randomUUID } from 'node:crypto';
import { authorizerOf, contextOf, functionHeader, requestTime } from './event-builder.js';
import { parameterValues, pathFields } from './operation-facts.js';
import { withoutAuthorization, type RequestFacts } from './request-facts.js';
import type { OperationFacts } from '../routing/routes.js';

export interface HttpRequestFacts extends RequestFacts {
  readonly method: string;
  readonly rawQuery: string;
  readonly body: Buffer;
  readonly authorizer: Readonly<Record<string, unknown>> | undefined;
}

export function httpEvent(
  operation: OperationFacts,
  request: HttpRequestFacts,
  now: number,
): Record<string, unknown> {
  return operation.payloadFormat === '2.0'
    ? secondFormat(operation, request, now)
    : firstFormats(operation, request, now);
}

/** Documented: 0.1, the default, and 1.0 differ in the names of path and parameters. */
function firstFormats(
  operation: OperationFacts,
  request: HttpRequestFacts,
  now: number,
): Record<string, unknown> {
  const { method, query, authorizer } = request;
  const format = operation.payloadFormat ?? '0.1';
  const parameters = parameterValues(operation, request, true);
  const requestId = randomUUID();
  const added = { ...functionHeader(operation), 'X-Request-Id': requestId };
  const lists = Object.fromEntries(Object.entries(added).map(([name, value]) => [name, [value]]));
  const names = [...new Set(query.keys())];
  return {
    ...pathFields({ ...operation, payloadFormat: format }, request, parameters),
    httpMethod: method,
    headers: { ...withoutAuthorization(request.headers), ...added },
    multiValueHeaders: { ...withoutAuthorization(request.multiValueHeaders), ...lists },
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: Object.fromEntries(names.map((name) => [name, query.getAll(name)])),
    requestContext: {
      identity: identityOf(request),
      httpMethod: method,
      requestId,
      requestTime: requestTime(now),
      requestTimeEpoch: Math.floor(now / 1000),
      ...contextOf(operation, parameters),
      ...authorizerOf(operation, authorizer),
    },
    ...bodyFields(request),
    ...(format === '1.0' && operation.operationId !== undefined
      ? { operationId: operation.operationId }
      : {}),
  };
}

/** As captured invocations have it: repeated values are joined by commas, there is always an authorizer. */
function secondFormat(
  operation: OperationFacts,
  request: HttpRequestFacts,
  now: number,
): Record<string, unknown> {
  const { method, path, query, rawQuery, pathParameters, authorizer } = request;
  const parameters = parameterValues(operation, request, true);
  const requestId = randomUUID();
  const names = [...new Set(query.keys())];
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: rawQuery,
    headers: {
      ...joined(withoutAuthorization(request.multiValueHeaders)),
      ...functionHeader(operation),
      'X-Request-Id': requestId,
    },
    queryStringParameters: joined(Object.fromEntries(names.map((name) => [name, query.getAll(name)]))),
    pathParameters,
    parameters: joined(parameters),
    requestContext: {
      http: { method, path, ...identityOf(request) },
      requestId,
      time: requestTime(now),
      timeEpoch: Math.floor(now / 1000),
      authorizer: authorizer ?? {},
      ...contextOf(operation, parameters),
    },
    ...bodyFields(request),
  };
}

function joined(lists: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.join(',')]));
}

function identityOf({ sourceIp, headers }: RequestFacts) {
  return { sourceIp, userAgent: headers['User-Agent'] ?? '' };
}

/**
 * Seen in captured invocations: plain only for exactly this type, base64 for all else, an empty body
 * included.
 */
function bodyFields({ headers, body }: HttpRequestFacts): { body: string; isBase64Encoded: boolean } {
  const isPlain = headers['Content-Type'] === 'application/json';
  return { body: body.toString(isPlain ? 'utf8' : 'base64'), isBase64Encoded: !isPlain };
}
