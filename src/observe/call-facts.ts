import type { Contract } from '../model/contract.js';
import { isSessionType } from '../server/handlers/session/answer.js';
import { parseJson } from '../base/json.js';
import type { Invocation } from '../model/observer.js';

/** What may be told of a call without telling what people wrote: each value is one of few. */
export interface CallFacts {
  readonly event: 'connect' | 'message' | 'disconnect' | 'http' | 'queue' | 'timer' | 'unknown';
  /** A type of the contract or of the protocol; absent for anything else that a client may have written. */
  readonly type: string | undefined;
  /**
   * The path as the gateway's specification has it, `/rooms/{room}`; never the one that a client asked for.
   */
  readonly route: string | undefined;
}

export function factsOf({ event, contract }: Invocation): CallFacts {
  if (event.kind === 'other') return { event: event.type, type: undefined, route: undefined };
  const type = event.kind === 'message' ? knownType(event.body, contract) : undefined;
  return { event: event.kind, type, route: routeOf(event.raw) };
}

function knownType(body: string | Uint8Array, contract: Contract | undefined): string | undefined {
  if (contract === undefined || typeof body !== 'string') return undefined;
  const type = fieldOf(parseJson(body), 'type');
  if (typeof type !== 'string') return undefined;
  return Object.hasOwn(contract.client, type) || isSessionType(type) ? type : undefined;
}

const LONGEST_ROUTE = 200;

/** Payload format 1.0 has it in `resource`; 0.1, whose own mark is `url`, in `path`. Documented. */
function routeOf(raw: unknown): string | undefined {
  const route =
    fieldOf(raw, 'resource') ?? (fieldOf(raw, 'url') === undefined ? undefined : fieldOf(raw, 'path'));
  if (typeof route !== 'string' || !route.startsWith('/') || route.includes('?')) return undefined;
  return route.slice(0, LONGEST_ROUTE);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
