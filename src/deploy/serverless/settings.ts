import * as z from 'zod/mini';
import { BroadcastError } from '../../base/errors.js';
import { lazily, parseOptions } from '../../base/options.js';
import type { ServerlessFunction, ServerlessService } from './framework.js';

const authorizerSchema = z.strictObject({
  /** The function that is asked, by its key under `functions`. */
  function: z.string(),
  in: z.enum(['query', 'cookie', 'header']),
  name: z.string(),
  ttlSeconds: z.optional(z.int().check(z.minimum(1))),
});

/** `- websocket: { path, account, http, authorizer }` among the events of a function. */
export const eventSchema = lazily(() =>
  z.strictObject({
    path: z.string().check(z.startsWith('/')),
    /** Paths of HTTP requests at the same address that lead to the function, too. */
    http: z.optional(z.array(z.string().check(z.startsWith('/')))),
    /** The service account by which the gateway calls the function. */
    account: z.string(),
    authorizer: z.optional(authorizerSchema),
  }),
);

/** What a function may have besides what the provider's plugin knows. */
export const functionSchema = lazily(() =>
  z.object({
    /** Calls that one instance takes at the same time; the platform allows 1 to 16. */
    concurrency: z.optional(z.int().check(z.minimum(1), z.maximum(16))),
    /** Present: the handler's file is bundled, without the packages in `external`. */
    bundle: z.optional(z.strictObject({ external: z.optional(z.array(z.string())) })),
  }),
);

export interface Authorizer {
  readonly functionName: string;
  readonly in: 'query' | 'cookie' | 'header';
  readonly name: string;
  readonly ttlSeconds: number | undefined;
}

/** A function whose gateway is ours to keep. */
export interface WebsocketFunction {
  /** In the cloud; its gateway has the same. */
  readonly name: string;
  readonly paths: readonly string[];
  readonly httpPaths: readonly string[];
  /** Name of the service account by which the gateway calls it. */
  readonly account: string;
  readonly authorizer: Authorizer | undefined;
}

/** The functions with websocket events. Throws `INVALID_OPTIONS` that names the place in serverless.yaml. */
export function websocketFunctions({ functions }: ServerlessService): WebsocketFunction[] {
  return Object.entries(functions).flatMap(([key, definition]) => {
    const where = `functions.${key}.events.websocket`;
    const events = (definition.events ?? []).flatMap(({ websocket }) =>
      websocket === undefined ? [] : [parseOptions(eventSchema(), websocket, where)],
    );
    const [first, ...others] = events;
    if (first === undefined) return [];
    const settings = settingsOf(first);
    if (others.some((other) => settingsOf(other) !== settings))
      throw invalid(where, 'all paths of a function share one gateway, so one account and one authorizer');
    const paths = events.map(({ path }) => path);
    const httpPaths = events.flatMap(({ http = [] }) => http);
    const both = httpPaths.find((path) => paths.includes(path));
    if (both !== undefined) throw invalid(`${where}.http`, `${both} is a WebSocket path; choose another one`);
    const { account, authorizer } = first;
    return [
      {
        name: nameOf(key, definition),
        paths,
        httpPaths,
        account,
        authorizer: authorizer === undefined ? undefined : authorizerOf(authorizer, functions, where),
      },
    ];
  });
}

function settingsOf({ account, authorizer }: z.output<ReturnType<typeof eventSchema>>): string {
  return JSON.stringify([account, authorizer]);
}

function authorizerOf(
  { function: key, in: place, name, ttlSeconds }: z.output<typeof authorizerSchema>,
  functions: ServerlessService['functions'],
  where: string,
): Authorizer {
  const definition = functions[key];
  if (definition === undefined) throw invalid(`${where}.authorizer`, `there is no function '${key}'`);
  return { functionName: nameOf(key, definition), in: place, name, ttlSeconds };
}

export interface ConcurrentFunction {
  /** In the cloud. */
  readonly name: string;
  readonly concurrency: number;
}

/** The functions with a concurrency of their own. Throws `INVALID_OPTIONS` that names the function. */
export function concurrentFunctions({ functions }: ServerlessService): ConcurrentFunction[] {
  return Object.entries(functions).flatMap(([key, definition]) => {
    const { concurrency } = parseOptions(functionSchema(), definition, `functions.${key}`);
    return concurrency === undefined ? [] : [{ name: nameOf(key, definition), concurrency }];
  });
}

/** How a function is bundled, if it is. Throws `INVALID_OPTIONS` that names the function. */
export function bundleOf(key: string, definition: ServerlessFunction) {
  return parseOptions(functionSchema(), definition, `functions.${key}`).bundle;
}

/** The framework names every function. */
function nameOf(key: string, { name }: ServerlessFunction): string {
  return name ?? key;
}

function invalid(where: string, problem: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `${where}: ${problem}`);
}
