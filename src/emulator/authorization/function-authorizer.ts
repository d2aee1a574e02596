import { randomUUID } from 'node:crypto';
import { parseCookies } from '../../base/headers.js';
import { requestTime } from '../events/event-builder.js';
import type { Invoker } from '../calls/invoker.js';
import { refused, type AuthorizeRequest, type Verdict } from './authorize.js';

/** Asks a function: it gets the request and answers `{ isAuthorized, context }`. Documented. */
export async function askFunction(
  invoker: Invoker,
  request: AuthorizeRequest,
  now: number,
): Promise<Verdict> {
  const { result, problem } = await invoker.invoke(authorizerEvent(request, now));
  // The service's own rule, that an answer has a status code, is not for authorizers.
  if (typeof result !== 'object' || result === null)
    return refused(500, `the authorizer failed: ${problem ?? 'it did not return an object'}`);
  const { isAuthorized, context } = result as Record<string, unknown>;
  if (typeof isAuthorized !== 'boolean')
    return refused(500, 'the authorizer did not return a boolean isAuthorized');
  if (!isAuthorized) return refused(403, 'the authorizer denied the request');
  if (context !== undefined && !isObject(context))
    return refused(500, "the authorizer's context is not an object");
  return { isAuthorized: true, context: context ?? {} };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function authorizerEvent(request: AuthorizeRequest, now: number): Record<string, unknown> {
  const { template, path, method, headers, query, pathParameters, sourceIp } = request;
  return {
    resource: template,
    path,
    httpMethod: method,
    headers,
    queryStringParameters: Object.fromEntries(query),
    pathParameters,
    requestContext: {
      identity: { sourceIp, userAgent: headers['User-Agent'] ?? '' },
      httpMethod: method,
      requestId: randomUUID(),
      requestTime: requestTime(now),
      requestTimeEpoch: Math.floor(now / 1000),
    },
    cookies: Object.fromEntries(parseCookies(headers['Cookie'])),
  };
}
