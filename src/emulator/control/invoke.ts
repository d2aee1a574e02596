/** Calls a function with an event that no socket has caused. */
import * as z from 'zod';
import { BroadcastError } from '../../base/errors.js';
import { parseOptions } from '../../base/options.js';
import { createEventBuilder, type Handshake } from '../events/event-builder.js';
import { resultOf } from '../timeline/gateway-log.js';
import { newConnectionId } from '../ids.js';
import { isTextResponse, type FunctionInvocation } from '../calls/invoker.js';
import { findRoute, type Operation, type Route } from '../routing/routes.js';
import { ControlError } from './control-error.js';
import type { Endpoint } from './endpoint.js';
import type { ControlApiDeps } from './parts.js';
import { resolveTarget } from './targets.js';

const invokeSchema = z.strictObject({
  operation: z.enum(['connect', 'message', 'disconnect']),
  /**
   * Where the event comes from; the gateway's first path by default, with the names of parameters as their
   * values.
   */
  path: z.string().startsWith('/').optional(),
  /** An open connection whose handshake the event has. One that is made up by default. */
  connection: z.string().optional(),
  /** Of a message. */
  data: z.string().default('{}'),
  /** Instead of all that: the event itself. */
  event: z.record(z.string(), z.unknown()).optional(),
  /** Only make the event. */
  print: z.boolean().default(false),
});

type Order = z.output<typeof invokeSchema>;

/** What the function answered. */
export interface Invoked {
  /** HTTP status of the function service: 200 when the function answered. */
  readonly status: number;
  readonly durationMs: number;
  /** Set when the function did not answer. */
  readonly problem?: string | undefined;
  readonly response?:
    | {
        readonly statusCode: number;
        readonly headers: Readonly<Record<string, string>>;
        /** Text as it is, bytes as base64. */
        readonly body: string;
        readonly frame: 'text' | 'binary';
      }
    | undefined;
}

export const invokeFunction: Endpoint = {
  method: 'POST',
  path: 'invoke',
  async run(parts, { body }): Promise<Invoked | { readonly event: Record<string, unknown> }> {
    const order = parseOptions(invokeSchema, body ?? {}, 'invoke');
    const { route, handshake } = placeOf(parts, order);
    const operation = route.operations[order.operation];
    if (operation === undefined)
      throw new ControlError(409, `${route.pattern.template} has no ${order.operation} operation`);
    const event = order.event ?? makeEvent(parts, order, operation, handshake);
    if (order.print) return { event };
    const invocation = await operation.invoker.invoke(event);
    const { path } = handshake;
    parts.timeline.add({ type: order.operation, path, via: 'inspector', ...resultOf(invocation) });
    return answerOf(invocation);
  },
};

function placeOf(parts: ControlApiDeps, { path, connection }: Order): { route: Route; handshake: Handshake } {
  const [open] = connection === undefined ? [] : resolveTarget(parts, connection);
  const wanted = open?.handshake.path ?? path ?? examplePath(parts.routes[0]);
  const found = findRoute(parts.routes, wanted);
  if (found === undefined) {
    const known = parts.routes.map(({ pattern }) => pattern.template).join(', ');
    throw new BroadcastError('INVALID_OPTIONS', `invoke.path: no WebSocket at ${wanted}; there is ${known}`);
  }
  const { route, parameters } = found;
  return { route, handshake: open?.handshake ?? madeUp(parts, route, wanted, parameters) };
}

/** `/rooms/{room}` becomes `/rooms/room`. */
function examplePath(route: Route | undefined): string {
  return (route?.pattern.template ?? '/').replace(/\{([^{}+]+)\+?\}/g, '$1');
}

function madeUp(
  { clock }: ControlApiDeps,
  { pattern: { template } }: Route,
  path: string,
  pathParameters: Readonly<Record<string, string>>,
): Handshake {
  const headers = { Host: 'localhost', 'User-Agent': 'yc-broadcast', 'X-Forwarded-Proto': 'https' };
  const lists = Object.entries(headers).map(([name, value]) => [name, [value]] as const);
  return {
    connectionId: newConnectionId(),
    connectedAt: clock.now(),
    template,
    path,
    pathParameters,
    query: new URLSearchParams(),
    headers,
    multiValueHeaders: Object.fromEntries(lists),
    sourceIp: '127.0.0.1',
  };
}

function makeEvent(
  { clock }: ControlApiDeps,
  { operation: kind, data }: Order,
  operation: Operation,
  handshake: Handshake,
): Record<string, unknown> {
  const events = createEventBuilder(clock.now);
  if (kind === 'connect') return events.connect(handshake, operation);
  if (kind === 'message') return events.message(handshake, operation, Buffer.from(data), false);
  return events.disconnect(handshake, operation, 1000, '');
}

function answerOf(invocation: FunctionInvocation): Invoked {
  const { status, durationMs, problem, response } = invocation;
  if (response === undefined) return { status, durationMs, problem };
  const { statusCode, headers, body } = response;
  const isText = isTextResponse(response);
  const text = body.toString(isText ? 'utf8' : 'base64');
  return {
    status,
    durationMs,
    response: { statusCode, headers, body: text, frame: isText ? 'text' : 'binary' },
  };
}
