/**
 * Events exactly as the gateway delivers them, after the samples that Yandex published with its typings:
 * which fields each kind has, the casing of headers, seconds here and milliseconds there. What the samples
 * disagree on is as in the samples, not as in the typings.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { NO_PROFILE, type Guesses } from '../profile/guesses.js';
import { rememberedOf, requestIdOf, withFormat } from './later-events.js';
import { createMessageIds } from '../ids.js';
import type { Handshake } from './handshake.js';
import { fillIn, parameterValues, pathFields } from './operation-facts.js';
import { readRequest, withoutAuthorization, type SourceRequest } from './request-facts.js';
import type { Operation, OperationFacts } from '../routing/routes.js';

export type { Handshake } from './handshake.js';

/** Reads the handshake from the upgrade request. */
export function readHandshake(
  request: SourceRequest,
  facts: Pick<Handshake, 'connectionId' | 'connectedAt' | 'template' | 'pathParameters'> & {
    readonly gatewayId: string;
  },
): Handshake {
  const { connectionId, connectedAt, ...rest } = facts;
  return { ...readRequest(request, rest), connectionId, connectedAt };
}

type EventType = 'CONNECT' | 'MESSAGE' | 'DISCONNECT';
const METHOD: Readonly<Record<EventType, string>> = { CONNECT: 'GET', MESSAGE: 'POST', DISCONNECT: 'DELETE' };

export interface EventBuilder {
  connect(handshake: Handshake, operation: Operation): Record<string, unknown>;
  message(
    handshake: Handshake,
    operation: Operation,
    body: Buffer,
    isBinary: boolean,
  ): Record<string, unknown>;
  disconnect(
    handshake: Handshake,
    operation: Operation,
    code: number,
    reason: string,
  ): Record<string, unknown>;
}

/** What is particular to one event. */
interface EventFacts {
  readonly eventType: EventType;
  readonly headers: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, unknown>>;
}

export function createEventBuilder(now: () => number, guess: Guesses = NO_PROFILE): EventBuilder {
  const nextMessageId = createMessageIds();

  function event(known: Handshake, given: Operation, facts: EventFacts): Record<string, unknown> {
    const handshake = rememberedOf(known, facts.eventType, guess);
    const operation = withFormat(given, guess);
    const requestId = requestIdOf(handshake, guess);
    const added = {
      ...functionHeader(operation),
      ...addedHeaders(handshake, facts.eventType, requestId),
      ...facts.headers,
    };
    const lists = Object.fromEntries(Object.entries(added).map(([name, value]) => [name, [value]]));
    const parameters = parameterValues(operation, handshake, facts.eventType === 'CONNECT');
    return {
      ...pathFields(operation, handshake, parameters),
      headers: { ...withoutAuthorization(handshake.headers), ...added },
      multiValueHeaders: { ...withoutAuthorization(handshake.multiValueHeaders), ...lists },
      requestContext: {
        ...requestContext(handshake, facts.eventType, requestId, now()),
        ...contextOf(operation, parameters),
        ...authorizerOf(operation, handshake.authorizer),
        ...facts.context,
      },
      operationId: operation.operationId ?? operationDigest(handshake.template, facts.eventType),
    };
  }

  return {
    connect(handshake, operation) {
      return {
        httpMethod: 'GET',
        ...event(handshake, operation, { eventType: 'CONNECT', headers: {}, context: {} }),
        ...queryFields(handshake),
      };
    },
    message(handshake, operation, body, isBinary) {
      const messageId = nextMessageId();
      const headers = {
        // The gateway marks every text message as JSON, whatever is in it. Documented.
        'Content-Type': isBinary ? 'application/octet-stream' : 'application/json',
        'Content-Length': String(body.length),
        'X-Yc-Apigateway-Websocket-Message-Id': messageId,
      };
      return {
        ...event(handshake, operation, { eventType: 'MESSAGE', headers, context: { messageId } }),
        ...(guess('event.query-of-messages') === 'present' ? queryFields(handshake) : {}),
        body: body.toString(isBinary ? 'base64' : 'utf8'),
        isBase64Encoded: isBinary,
      };
    },
    disconnect(handshake, operation, code, reason) {
      const headers = {
        'X-Yc-Apigateway-Websocket-Disconnect-Reason': reason,
        'X-Yc-Apigateway-Websocket-Disconnect-Status-Code': String(code),
      };
      const context = { disconnectStatusCode: code, disconnectReason: reason };
      return event(handshake, operation, { eventType: 'DISCONNECT', headers, context });
    },
  };
}

function queryFields({ query }: Handshake): Record<string, unknown> {
  const names = [...new Set(query.keys())];
  return {
    queryStringParameters: Object.fromEntries(names.map((name) => [name, query.getAll(name).at(-1) ?? ''])),
    multiValueQueryStringParameters: Object.fromEntries(names.map((name) => [name, query.getAll(name)])),
  };
}

function addedHeaders(
  { connectionId, connectedAt }: Handshake,
  eventType: EventType,
  requestId: string,
): Record<string, string> {
  return {
    'X-Request-Id': requestId,
    'X-Trace-Id': randomUUID(),
    'Uber-Trace-Id': traceId(),
    'X-Yc-Apigateway-Websocket-Connected-At': String(connectedAt),
    'X-Yc-Apigateway-Websocket-Connection-Id': connectionId,
    'X-Yc-Apigateway-Websocket-Event-Type': eventType,
  };
}

/** Trace, span, the span before it, and that it is sampled, as Jaeger writes them. */
function traceId(): string {
  const id = (): string => randomBytes(8).toString('hex');
  return `${id()}:${id()}:0:1`;
}

function requestContext(
  { connectionId, connectedAt, sourceIp, headers }: Handshake,
  eventType: EventType,
  requestId: string,
  now: number,
): Record<string, unknown> {
  return {
    identity: { sourceIp, userAgent: headers['User-Agent'] ?? '' },
    httpMethod: METHOD[eventType],
    requestId,
    requestTime: requestTime(now),
    requestTimeEpoch: Math.floor(now / 1000),
    connectionId,
    connectedAt,
    eventType,
  };
}

/** Seen in the published samples. */
export function functionHeader({ functionId }: OperationFacts): Record<string, string> {
  return functionId === undefined ? {} : { 'X-Api-Gateway-Function-Id': functionId };
}

/** Documented: the `context` of an integration arrives here. */
export function contextOf(
  { context }: OperationFacts,
  parameters: Readonly<Record<string, readonly string[]>>,
): Record<string, unknown> {
  return context === undefined ? {} : { apiGateway: { operationContext: fillIn(context, parameters) } };
}

/** Seen in a published sample: a message has it when its operation is secured, as the handshake was. */
export function authorizerOf(
  { authorize }: OperationFacts,
  authorizer: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> {
  return authorize === undefined || authorizer === undefined ? {} : { authorizer };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `4/Jan/2023:23:47:03 +0000`: the day is not padded. */
export function requestTime(now: number): string {
  const time = new Date(now);
  const clock = time.toISOString().slice(11, 19);
  return `${time.getUTCDate()}/${MONTHS[time.getUTCMonth()] ?? ''}/${time.getUTCFullYear()}:${clock} +0000`;
}

/** Stable, 64 hexadecimal digits, as where a specification names no operation. */
function operationDigest(template: string, eventType: EventType): string {
  return createHash('sha256').update(`${eventType} ${template}`).digest('hex');
}
