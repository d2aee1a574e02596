/** From the gateway's OpenAPI document to what the emulator serves. */
import * as z from 'zod';
import { BroadcastError } from '../../errors.js';
import { firstIssue } from '../../options.js';
import type { Invoker } from '../invoker.js';
import { parsePathPattern, type Operation, type Parameter, type Route } from '../routes.js';
import { createDummyInvoker, dummySchema } from './dummy.js';

export interface SpecRoutes {
  readonly routes: readonly Route[];
  /** What the document asks for and this gateway does not do, one sentence each. */
  readonly warnings: readonly string[];
}

const EXTENSION = 'x-yc-apigateway-websocket-';
const EVENTS = ['connect', 'message', 'disconnect'] as const;
type EventName = (typeof EVENTS)[number];

const functionsSchema = z.object({
  type: z.literal('cloud_functions'),
  function_id: z.string().min(1),
  payload_format_version: z.enum(['0.1', '1.0']).optional(),
  context: z.unknown().optional(),
});
const integrationSchema = z.discriminatedUnion('type', [functionsSchema, dummySchema], {
  error: 'expected cloud_functions or dummy; this gateway runs no other integration',
});
const operationSchema = z.object({
  operationId: z.string().optional(),
  parameters: z
    .array(z.object({ name: z.string(), in: z.enum(['path', 'query', 'header', 'cookie']) }))
    .default([]),
  security: z.array(z.unknown()).optional(),
  'x-yc-apigateway-integration': integrationSchema,
});
const documentSchema = z.object({
  paths: z.record(z.string().startsWith('/', "a path begins with '/'"), z.record(z.string(), z.unknown())),
  security: z.array(z.unknown()).optional(),
});

/**
 * Reads the websocket paths of a document whose variables are filled in. `invokerOf` gives the function behind an id.
 * Throws `INVALID_OPTIONS` that names the place in the document.
 */
export function routesOfSpec(
  document: Readonly<Record<string, unknown>>,
  invokerOf: (functionId: string, place: string) => Invoker,
): SpecRoutes {
  const { paths, security } = parsePart(documentSchema, document, '');
  const warnings: string[] = [];
  const routes = Object.entries(paths).flatMap(([path, item]) => {
    warnings.push(...unusedParts(path, item));
    const route = routeOf(path, item, invokerOf, warnings);
    return route === undefined ? [] : [route];
  });
  if (security !== undefined) warnings.push(NO_AUTHORIZER('security'));
  if (routes.length === 0) {
    throw new BroadcastError('INVALID_OPTIONS', `spec: no path has an ${EXTENSION}message operation`);
  }
  return { routes, warnings };
}

function routeOf(
  path: string,
  item: Readonly<Record<string, unknown>>,
  invokerOf: (functionId: string, place: string) => Invoker,
  warnings: string[],
): Route | undefined {
  const operations: Partial<Record<EventName, Operation>> = {};
  for (const event of EVENTS) {
    const given = item[EXTENSION + event];
    if (given !== undefined)
      operations[event] = operationOf(given, `${path}.${EXTENSION}${event}`, invokerOf, warnings);
  }
  const { message, ...others } = operations;
  // Documented: it is the message operation that lets a path take WebSockets.
  if (message !== undefined) return { pattern: parsePathPattern(path), operations: { message, ...others } };
  if (Object.keys(others).length > 0) {
    warnings.push(`${path} has no ${EXTENSION}message operation, so it is no WebSocket path`);
  }
  return undefined;
}

function operationOf(
  given: unknown,
  place: string,
  invokerOf: (functionId: string, place: string) => Invoker,
  warnings: string[],
): Operation {
  const { operationId, parameters, security, ...rest } = parsePart(operationSchema, given, place);
  const integration = rest['x-yc-apigateway-integration'];
  if (security !== undefined && security.length > 0) warnings.push(NO_AUTHORIZER(place));
  const facts = { operationId, parameters: parameters satisfies readonly Parameter[] };
  if (integration.type === 'dummy') return { ...facts, invoker: createDummyInvoker(integration) };
  return {
    ...facts,
    invoker: invokerOf(integration.function_id, place),
    payloadFormat: integration.payload_format_version,
    context: integration.context,
  };
}

const NO_AUTHORIZER = (place: string): string => `${place}: authorizers are not run; every handshake passes`;

const HTTP_METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

function unusedParts(path: string, item: Readonly<Record<string, unknown>>): string[] {
  return [...HTTP_METHODS, 'x-yc-apigateway-any-method']
    .filter((method) => method in item)
    .map((method) => `${method} ${path}: plain HTTP operations are not served`);
}

function parsePart<T extends z.ZodType>(schema: T, value: unknown, place: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  const where = [place, ...path].filter((part) => part !== '').join('.');
  throw new BroadcastError('INVALID_OPTIONS', `spec: ${where}: ${message}`, { path });
}
