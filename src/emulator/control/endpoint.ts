import type { ControlApiDeps } from './parts.js';

/** One request of the control API, read as far as all endpoints have it in common. */
export interface ControlRequest {
  readonly query: URLSearchParams;
  /** What stands in the path in place of `{id}`. */
  readonly id: string;
  /** The JSON of the body; `undefined` without one. */
  readonly body: unknown;
}

/** One thing that can be asked of the gateway. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Behind `/_yc-broadcast/api/`; `{id}` stands for one segment. */
  readonly path: string;
  /**
   * What it returns is the answer, as JSON. A {@link ControlError} is an answer with its status,
   * `INVALID_OPTIONS` one with 400.
   */
  run(parts: ControlApiDeps, request: ControlRequest): unknown;
}

/** A whole number from a query, within bounds; the default when it is not given or is none. */
export function numberIn(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const given = query.get(name);
  const value = given === null || !/^\d+$/.test(given) ? fallback : Number(given);
  return Math.min(value, max);
}
