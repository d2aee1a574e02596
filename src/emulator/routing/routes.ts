import type { AuthorizeHandshake } from '../authorization/authorize.js';
import type { Invoker } from '../calls/invoker.js';

/** What a path does with one of the three websocket events, or with an HTTP request. */
export interface Operation {
  readonly invoker: Invoker;
  /** Of the function that is called; absent for what answers by itself. */
  readonly functionId?: string | undefined;
  /** The specification's `operationId`; without it an event carries a digest. */
  readonly operationId?: string | undefined;
  /**
   * Which of the documented event formats is asked for; without it events look like the published samples.
   */
  readonly payloadFormat?: '0.1' | '1.0' | '2.0' | undefined;
  /** The `context` of the integration, with the parameters of the handshake filled in. */
  readonly context?: unknown;
  /** What the specification declares; only these are in an event's `parameters`. Default: the path's own. */
  readonly parameters?: readonly Parameter[] | undefined;
  /** Says who may; of a connection at its handshake. Without it everybody may. */
  readonly authorize?: AuthorizeHandshake | undefined;
}

/** What events say of an operation. */
export type OperationFacts = Omit<Operation, 'invoker'>;

/** A parameter that the specification declares. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
}

/** A WebSocket path. Documented: the message operation makes it one; the others may be missing. */
export interface Route {
  readonly pattern: PathPattern;
  readonly operations: {
    readonly connect?: Operation | undefined;
    readonly message: Operation;
    readonly disconnect?: Operation | undefined;
  };
}

/** A path that answers HTTP requests. */
export interface HttpRoute {
  readonly pattern: PathPattern;
  /** By method, in capitals; `ANY` is for those that are not listed. */
  readonly methods: ReadonlyMap<string, Operation>;
}

/** The first route that matches, with the values of its path parameters. */
export function findRoute<R extends { readonly pattern: PathPattern }>(routes: readonly R[], path: string) {
  for (const route of routes) {
    const parameters = route.pattern.match(path);
    if (parameters !== undefined) return { route, parameters };
  }
  return undefined;
}

/** A path of the specification: `/ws`, `/ws/{room}`, or `/{path+}` which takes the rest. */
export interface PathPattern {
  readonly template: string;
  /** The path parameters, or `undefined` when the path does not match. */
  match(path: string): Readonly<Record<string, string>> | undefined;
}

export function parsePathPattern(template: string): PathPattern {
  const names: string[] = [];
  const source = template
    .split('/')
    .map((segment) => {
      const [, name, greedy] = /^\{([^{}+]+)(\+?)\}$/.exec(segment) ?? [];
      if (name === undefined) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(name);
      return greedy === '+' ? '(.+)' : '([^/]+)';
    })
    .join('/');
  const pattern = new RegExp(`^${source}$`);
  return {
    template,
    match(path) {
      const found = pattern.exec(path);
      return found === null
        ? undefined
        : Object.fromEntries(names.map((name, i) => [name, decode(found[i + 1] ?? '')]));
    },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Literal segments win over parameters, and those over a greedy one, segment by segment from the left. */
export function byPrecedence(a: PathPattern, b: PathPattern): number {
  return rank(a.template).localeCompare(rank(b.template));
}

function rank(template: string): string {
  return template
    .split('/')
    .map((segment) => (segment.endsWith('+}') ? '2' : segment.startsWith('{') ? '1' : '0'))
    .join('');
}
