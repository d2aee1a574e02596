/** From the gateway's OpenAPI document to what the emulator serves. */
import * as z from 'zod';
import { BroadcastError } from '../../base/errors.js';
import type { Invoker } from '../calls/invoker.js';
import { parsePathPattern, type HttpRoute, type Operation, type Route } from '../routing/routes.js';
import { createDummyInvoker, dummySchema } from './dummy.js';
import { INTEGRATION, readOperation, type OperationDeps } from './operations.js';
import { parsePart } from './parse-part.js';
import { readSecurity } from './security.js';

export interface SpecRoutes {
  readonly routes: readonly Route[];
  readonly httpRoutes: readonly HttpRoute[];
  /** What the document asks for and this gateway does not do, one sentence each. */
  readonly warnings: readonly string[];
}

const EXTENSION = 'x-yc-apigateway-websocket-';
const EVENTS = ['connect', 'message', 'disconnect'] as const;
type EventName = (typeof EVENTS)[number];
const ANY_METHOD = 'x-yc-apigateway-any-method';
const HTTP_METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', ANY_METHOD];

const documentSchema = z.object({
  paths: z.record(
    z.string().startsWith('/', "a path begins with '/'; put one in front"),
    z.record(z.string(), z.unknown()),
  ),
  'x-yc-apigateway': z.record(z.string(), z.unknown()).default({}),
});

/**
 * Reads a document whose variables are filled in. `invokerOf` gives the function behind an id. Throws
 * `INVALID_OPTIONS` that names the place in the document.
 */
export function routesOfSpec(
  document: Readonly<Record<string, unknown>>,
  invokerOf: (functionId: string, place: string) => Invoker,
  now: () => number,
): SpecRoutes {
  const { paths, ...rest } = parsePart(documentSchema, document, '');
  const warnings = unusedSettings(rest['x-yc-apigateway']);
  const security = readSecurity(document, { warnings, invokerOf, now });
  const parts = { warnings, security, invokerOf };
  const routes: Route[] = [];
  const httpRoutes: HttpRoute[] = [];
  for (const [path, item] of Object.entries(paths)) {
    const route = routeOf(path, item, parts);
    if (route !== undefined) routes.push(route);
    const httpRoute = httpRouteOf(path, item, parts);
    if (httpRoute !== undefined) httpRoutes.push(httpRoute);
  }
  if (routes.length + httpRoutes.length === 0) {
    const problems = [`no path has an ${EXTENSION}message operation`, ...warnings];
    throw new BroadcastError('INVALID_OPTIONS', `spec: ${problems.join('; ')}`);
  }
  return { routes, httpRoutes, warnings };
}

function routeOf(
  path: string,
  item: Readonly<Record<string, unknown>>,
  parts: OperationDeps,
): Route | undefined {
  parts.warnings.push(...unknownEvents(path, item));
  const operations: Partial<Record<EventName, Operation>> = {};
  for (const event of EVENTS) {
    const given = item[EXTENSION + event];
    const place = `${path}.${EXTENSION}${event}`;
    if (given !== undefined) operations[event] = readOperation(given, place, parts);
  }
  const { message, ...others } = operations;
  if (message === undefined) {
    if (others.connect === undefined) {
      if (others.disconnect !== undefined)
        parts.warnings.push(`${path} has no ${EXTENSION}message operation, so it is not a WebSocket path`);
      return undefined;
    }
    // Documented: the message operation lets a path take WebSockets. One of the platform's own tools goes
    // without it.
    parts.warnings.push(
      `${path} has no ${EXTENSION}message operation, which is documented as mandatory; its messages are dropped. ` +
        'Add one; an integration of type dummy is enough',
    );
    const dropped = { invoker: createDummyInvoker(dummySchema.parse({ type: 'dummy' })), parameters: [] };
    return { pattern: parsePathPattern(path), operations: { message: dropped, ...others } };
  }
  warnOfSockets(path, { message, ...others }, parts.warnings);
  return { pattern: parsePathPattern(path), operations: { message, ...others } };
}

function unknownEvents(path: string, item: Readonly<Record<string, unknown>>): string[] {
  const known: readonly string[] = EVENTS.map((event) => EXTENSION + event);
  return Object.keys(item)
    .filter((name) => name.startsWith(EXTENSION) && !known.includes(name))
    .map((name) => `${path}: there is no ${name}; write ${known.join(', ')}`);
}

/** What is known of HTTP operations and not of sockets. */
function warnOfSockets(path: string, operations: Route['operations'], warnings: string[]): void {
  for (const event of EVENTS) {
    const operation = operations[event];
    if (operation === undefined) continue;
    const place = `${path}.${EXTENSION}${event}`;
    if (operation.payloadFormat === '2.0')
      warnings.push(
        `${place}: the format 2.0 of WebSocket events is not documented; events have the format of the samples`,
      );
    if (
      event !== 'connect' &&
      operation.authorize !== undefined &&
      operations.connect?.authorize === undefined
    )
      warnings.push(`${place}: authorizers run only at the handshake, and the connect operation has none`);
  }
}

function httpRouteOf(
  path: string,
  item: Readonly<Record<string, unknown>>,
  parts: OperationDeps,
): HttpRoute | undefined {
  const given = HTTP_METHODS.filter((method) => item[method] !== undefined);
  const served = given.filter((method) => hasIntegration(item[method], `${path}.${method}`, parts.warnings));
  const methods = served.map((method) => {
    const operation = readOperation(item[method], `${path}.${method}`, parts);
    return [method === ANY_METHOD ? 'ANY' : method.toUpperCase(), operation] as const;
  });
  if (methods.length === 0) return undefined;
  return { pattern: parsePathPattern(path), methods: new Map(methods) };
}

function hasIntegration(operation: unknown, place: string, warnings: string[]): boolean {
  const isThere = typeof operation === 'object' && operation !== null && INTEGRATION in operation;
  if (!isThere) warnings.push(`${place}: has no ${INTEGRATION}, so it is not served`);
  return isThere;
}

/** IAM is not emulated, so an account makes no difference; `docs/local-gateway.md` says so. */
const USED_SETTINGS = ['variables', 'service_account_id'];

function unusedSettings(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(settings)
    .filter((name) => !USED_SETTINGS.includes(name))
    .map((name) => `x-yc-apigateway.${name} is not emulated`);
}
