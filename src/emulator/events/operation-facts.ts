/**
 * What the specification adds to an event: declared parameters, context, and the names of the payload format.
 */
import { parseCookies } from '../../base/headers.js';
import { canonicalName, type RequestFacts } from './request-facts.js';
import type { OperationFacts, Parameter } from '../routing/routes.js';

/**
 * Values of the declared parameters, as lists. Query parameters are in the connect event only, as in the
 * samples.
 */
export function parameterValues(
  { parameters }: OperationFacts,
  handshake: RequestFacts,
  isConnect: boolean,
): Record<string, readonly string[]> {
  const declared = parameters ?? Object.keys(handshake.pathParameters).map(pathParameter);
  const values = declared.map(
    (parameter) => [parameter.name, valuesOf(parameter, handshake, isConnect)] as const,
  );
  return Object.fromEntries(values.filter(([, list]) => list.length > 0));
}

function pathParameter(name: string): Parameter {
  return { name, in: 'path' };
}

function valuesOf(
  { name, in: place }: Parameter,
  handshake: RequestFacts,
  isConnect: boolean,
): readonly string[] {
  if (place === 'header') return handshake.multiValueHeaders[canonicalName(name)] ?? [];
  if (place === 'query') return isConnect ? handshake.query.getAll(name) : [];
  const value =
    place === 'path'
      ? ownOf(handshake.pathParameters, name)
      : parseCookies(handshake.headers['Cookie']).get(name);
  return value === undefined ? [] : [value];
}

/** Declared names are the user's: a parameter may be called `constructor`. */
function ownOf<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/**
 * Fills `{name}` in every text of a value. Documented: only declared parameters are filled in; anything else
 * in braces stays as it is written.
 */
export function fillIn(value: unknown, parameters: Readonly<Record<string, readonly string[]>>): unknown {
  if (typeof value === 'string') {
    return value.replace(
      /\{([^{}]+)\}/g,
      (literal, name: string) => ownOf(parameters, name)?.at(-1) ?? literal,
    );
  }
  if (Array.isArray(value)) return value.map((one) => fillIn(one, parameters));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillIn(one, parameters)]));
}

/**
 * The documented names of path and parameters in each payload format; without one, those of the published
 * samples.
 */
export function pathFields(
  { payloadFormat }: OperationFacts,
  { template, path, pathParameters }: RequestFacts,
  parameters: Readonly<Record<string, readonly string[]>>,
): Record<string, unknown> {
  const single = Object.fromEntries(Object.entries(parameters).map(([name, list]) => [name, list.at(-1)]));
  if (payloadFormat === '0.1') {
    return {
      url: path,
      path: template,
      pathParams: pathParameters,
      params: single,
      multiValueParams: parameters,
    };
  }
  return {
    ...(payloadFormat === '1.0' ? { version: '1.0' } : {}),
    resource: template,
    path,
    pathParameters,
    parameters: single,
    multiValueParameters: parameters,
  };
}
