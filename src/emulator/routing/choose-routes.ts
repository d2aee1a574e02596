import { BroadcastError } from '../../base/errors.js';
import type { Functions } from '../calls/functions.js';
import type { ParsedFunctionSource } from '../instances/settings.js';
import type { Invoker } from '../calls/invoker.js';
import type { ParsedEmulatorOptions } from '../options.js';
import { byPrecedence, parsePathPattern, type PathPattern, type Route } from './routes.js';
import { readSpec } from '../spec/read-spec.js';
import { routesOfSpec, type SpecRoutes } from '../spec/spec-routes.js';

/**
 * The routes of a gateway, the most specific first: from `routes`, or from the specification and its
 * functions.
 */
export async function chooseRoutes(
  options: ParsedEmulatorOptions,
  functions: Pick<Functions, 'invokerOf'>,
  functionId: string,
  now: () => number,
): Promise<SpecRoutes> {
  const { routes, httpRoutes, warnings } =
    options.spec === undefined
      ? { routes: plainRoutes(options.routes ?? {}, functions, functionId), httpRoutes: [], warnings: [] }
      : routesOfSpec(
          await readSpec(options.spec, options.variables),
          functionFinder(options.functions, functions),
          now,
        );
  return { routes: inOrder(routes), httpRoutes: inOrder(httpRoutes), warnings };
}

function inOrder<R extends { readonly pattern: PathPattern }>(routes: readonly R[]): R[] {
  return [...routes].sort((a, b) => byPrecedence(a.pattern, b.pattern));
}

/** Without a specification, one function gets all three events of a path. */
function plainRoutes(
  routes: NonNullable<ParsedEmulatorOptions['routes']>,
  { invokerOf }: Pick<Functions, 'invokerOf'>,
  functionId: string,
): Route[] {
  return Object.entries(routes).map(([path, target]) => {
    const operation = { invoker: invokerOf(target), functionId };
    return {
      pattern: parsePathPattern(path),
      operations: { connect: operation, message: operation, disconnect: operation },
    };
  });
}

/** Finds the function of an id. */
function functionFinder(
  functions: ParsedEmulatorOptions['functions'],
  { invokerOf }: Pick<Functions, 'invokerOf'>,
): (functionId: string, place: string) => Invoker {
  if (typeof functions === 'function' || (functions !== undefined && isSource(functions)))
    return (functionId) => invokerOf(functions, functionId);
  const targets = new Map(Object.entries(functions ?? {}));
  return (functionId, place) => {
    const target = targets.get(functionId);
    if (target !== undefined) return invokerOf(target, functionId);
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `spec: ${place}: no function '${functionId}'; add functions: { '${functionId}': handler }, ` +
        `or dev --function ${functionId}=<file>`,
    );
  };
}

/** One function that stands for all, rather than a table of them by their ids. */
function isSource(
  functions: Exclude<ParsedEmulatorOptions['functions'], undefined>,
): functions is ParsedFunctionSource {
  return 'entry' in functions && typeof functions.entry === 'string';
}
