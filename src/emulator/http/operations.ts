/** The plain HTTP paths of a specification. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { refusalBody } from '../authorization/authorize.js';
import type { Calls, StruckInvocation } from '../calls/calls.js';
import type { Clock } from '../clock.js';
import { createAuthorizationNotice, logHttp, resultOf } from '../timeline/gateway-log.js';
import { respondWith } from './answer.js';
import { httpEvent, type HttpRequestFacts } from '../events/http-event.js';
import { readRequest } from '../events/request-facts.js';
import { readBody } from './read-body.js';
import { requestUrl } from './request-url.js';
import { findRoute, type HttpRoute, type Operation } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';

export interface HttpOperationsOptions {
  readonly httpRoutes: readonly HttpRoute[];
  readonly calls: Calls;
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly gatewayId: string;
}

export interface HttpOperations {
  /** `false` when the specification has no such path. */
  answer(request: AnyRequest, response: AnyResponse): boolean;
}

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

/** Documented: a request through the gateway has at most 2.5 MB. */
const MAX_BODY_BYTES = 2.5 * 1024 * 1024;

export function createHttpOperations(options: HttpOperationsOptions): HttpOperations {
  const { httpRoutes, calls, clock, timeline, gatewayId } = options;
  const noticeAuthorization = createAuthorizationNotice(timeline);

  async function serve(
    { pattern, methods }: HttpRoute,
    pathParameters: Readonly<Record<string, string>>,
    incoming: AnyRequest,
    response: AnyResponse,
  ): Promise<void> {
    const { method = 'GET' } = incoming;
    const { template } = pattern;
    const place = { method, path: pathOf(incoming) };
    const operation = methods.get(method) ?? methods.get('ANY');
    const body = await readBody(incoming, MAX_BODY_BYTES);
    if (operation === undefined) {
      refuse(place, response, 405, `${template} has ${[...methods.keys()].join(', ')}`);
    } else if (body === undefined) {
      refuse(place, response, 413, `a request has at most ${MAX_BODY_BYTES} bytes`);
    } else {
      const facts = readRequest(incoming, { template, pathParameters, gatewayId });
      await admit(operation, { ...facts, method, rawQuery: rawQueryOf(incoming), body }, response);
    }
  }

  /** Asks the authorizer, if there is one, and then the function. */
  async function admit(
    operation: Operation,
    request: Omit<HttpRequestFacts, 'authorizer'>,
    response: AnyResponse,
  ): Promise<void> {
    if ('Authorization' in request.headers) noticeAuthorization();
    const name = `${request.method} ${request.template}`;
    const verdict = await operation.authorize?.({ ...request, operation: name });
    if (verdict?.isAuthorized === false) {
      const { status, problem } = verdict;
      logHttp(timeline, request, { status, reason: problem, level: status === 500 ? 'error' : 'warning' });
      respondWith(response, { statusCode: status, headers: JSON_TYPE, body: refusalBody(status) });
      return;
    }
    const admitted = { ...request, authorizer: verdict?.context };
    answer(admitted, response, await call(operation, admitted));
  }

  function call(operation: Operation, request: HttpRequestFacts): Promise<StruckInvocation> {
    const { path, template } = request;
    return calls.call(operation, httpEvent(operation, request, clock.now()), { path, template });
  }

  function answer(request: HttpRequestFacts, response: AnyResponse, invocation: StruckInvocation): void {
    const given = invocation.response ?? failureOf(invocation);
    const sizes = { bytes: request.body.length, replyBytes: given.body.length };
    logHttp(timeline, request, { ...resultOf(invocation), ...sizes });
    respondWith(response, given);
  }

  function refuse(
    place: { readonly method: string; readonly path: string },
    response: AnyResponse,
    status: number,
    reason: string,
  ): void {
    logHttp(timeline, place, { status, reason, level: 'warning' });
    respondWith(response, { statusCode: status, headers: JSON_TYPE, body: jsonOf({ message: reason }) });
  }

  return {
    answer(request, response) {
      const found = findRoute(httpRoutes, pathOf(request));
      if (found === undefined) return false;
      // It rejects only when the client has gone away.
      calls.track(serve(found.route, found.parameters, request, response)).catch(() => response.destroy());
      return true;
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function jsonOf(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Documented of the function service: the error in JSON, and a header. The stack stays in the log. */
function failureOf({ status, problem = '' }: StruckInvocation) {
  const [errorMessage] = problem.split('\n');
  const headers = { ...JSON_TYPE, 'x-function-error': 'true' };
  return { statusCode: status, headers, body: jsonOf({ errorMessage }) };
}

function rawQueryOf({ url = '' }: AnyRequest): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
}

function pathOf(request: AnyRequest): string {
  return requestUrl(request).pathname;
}
