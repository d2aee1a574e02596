/** A way to let a function decide who may connect, before the handler is asked. Documented. */
export interface SpecAuthorizer {
  /** Where browsers can put something for it: in a cookie or the query. Headers are for other clients. */
  readonly in: 'query' | 'cookie' | 'header';
  readonly name: string;
  /** How long the gateway keeps its answer, in seconds. Default: it does not. */
  readonly ttlSeconds?: number | undefined;
}

export interface GatewaySpecOptions {
  readonly title: string;
  /** For example `/ws` or `/ws/{room}`. */
  readonly paths: readonly string[];
  /** Paths of HTTP requests that lead to the same function, whichever the method. Default: none. */
  readonly httpPaths?: readonly string[] | undefined;
  /** Ids become the defaults of variables, so that one document serves several gateways. */
  readonly functionId: string;
  readonly serviceAccountId: string;
  readonly authorizer?: (SpecAuthorizer & { readonly functionId: string }) | undefined;
}

const EVENTS = ['connect', 'message', 'disconnect'] as const;

/**
 * The OpenAPI document of a gateway whose paths all lead to one function. Nothing in it is shared by
 * reference: whether the gateway's parser takes YAML's anchors is not documented.
 */
export function gatewaySpec(options: GatewaySpecOptions): Record<string, unknown> {
  const { title, paths, httpPaths = [], authorizer } = options;
  return {
    openapi: '3.0.0',
    info: { title, version: '1.0.0' },
    'x-yc-apigateway': { service_account_id: '${var.service_account_id}', variables: variablesOf(options) },
    paths: Object.fromEntries([
      ...paths.map((path) => [path, pathItem(path, authorizer !== undefined)]),
      ...httpPaths.map((path) => [path, { 'x-yc-apigateway-any-method': operation(path) }]),
    ]),
    ...(authorizer === undefined
      ? {}
      : { components: { securitySchemes: { [SCHEME]: scheme(authorizer) } } }),
  };
}

const SCHEME = 'connectAuthorizer';

function variablesOf({ functionId, serviceAccountId, authorizer }: GatewaySpecOptions) {
  return {
    function_id: { default: functionId, description: 'handles the websocket events' },
    service_account_id: {
      default: serviceAccountId,
      description: 'calls it; needs functions.functionInvoker',
    },
    ...(authorizer === undefined
      ? {}
      : { authorizer_id: { default: authorizer.functionId, description: 'says who may connect' } }),
  };
}

/**
 * Who a connection is, is settled at connect and stored, so only that operation asks the authorizer: calls
 * are paid for.
 */
function pathItem(path: string, isGuarded: boolean): Record<string, unknown> {
  return Object.fromEntries(
    EVENTS.map((event) => {
      const security = isGuarded && event === 'connect' ? { security: [{ [SCHEME]: [] }] } : {};
      return [`x-yc-apigateway-websocket-${event}`, { ...security, ...operation(path) }];
    }),
  );
}

function operation(path: string): Record<string, unknown> {
  const parameters = parametersOf(path);
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    'x-yc-apigateway-integration': {
      type: 'cloud_functions',
      function_id: '${var.function_id}',
      tag: '$latest',
      payload_format_version: '1.0',
    },
  };
}

function parametersOf(path: string): object[] {
  return [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function scheme({ in: place, name, ttlSeconds }: SpecAuthorizer): object {
  return {
    type: 'apiKey',
    in: place,
    name,
    'x-yc-apigateway-authorizer': {
      type: 'function',
      function_id: '${var.authorizer_id}',
      tag: '$latest',
      ...(ttlSeconds === undefined ? {} : { authorizer_result_ttl_in_seconds: ttlSeconds }),
    },
  };
}
