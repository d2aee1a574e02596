import * as z from 'zod/mini';
import { createBroadcaster, type Broadcaster } from './broadcast.js';
import type { ClientTypeOf, Contract } from './contract.js';
import { BroadcastError } from './errors.js';
import {
  claimedEventType,
  parseEvent,
  type GatewayEvent,
  type OtherEvent,
  type WebSocketEvent,
} from './events.js';
import { settingsSchema, type BroadcastSettings } from './fanout/settings.js';
import type { Authorize, HandleParts } from './handlers/connection-handle.js';
import { handleConnect } from './handlers/connect.js';
import { handleDisconnect } from './handlers/disconnect.js';
import type {
  Authenticate,
  CallTools,
  ConnectHook,
  DisconnectHook,
  MessageHook,
  Middleware,
  OtherEventHook,
  RawMessageHook,
} from './handlers/hooks.js';
import { handleMessage } from './handlers/message.js';
import { originsSchema, type Origins } from './handlers/origins.js';
import {
  empty,
  errorReply,
  errorResponse,
  isExpected,
  statusOf,
  toClientError,
  type GatewayResponse,
} from './handlers/responses.js';
import type { FunctionContext } from './invocation.js';
import { functionOption, lazily, objectWith, parseOptions } from './options.js';
import { MAX_MESSAGE_BYTES } from './protocol.js';
import type { ConnectionStore } from './store.js';
import type { Transport } from './transport.js';

export interface AppOptions<K extends Contract = Contract> {
  /** What clients and server may send. Without it, `onMessage` gets every frame as it is. */
  readonly contract?: K | undefined;
  /** Where connections are kept. There is no default: instances of a function share no memory. */
  readonly store: ConnectionStore;
  /** How connections are reached. Default: `defaultTransport()`. */
  readonly transport?: Transport | undefined;
  /**
   * Pages that may connect, as exact origins (`https://app.example`), or `'any'`. Required: a browser sends cookies
   * along with a handshake from any page. Clients that are no browsers send no origin and are let through.
   */
  readonly origins: Origins;
  /** Says who connects; nothing refuses with 401. Everybody may connect as nobody when it is not given. */
  readonly authenticate?: Authenticate | undefined;
  /** Says who may join which room. Every room is open when it is not given. */
  readonly authorize?: Authorize | undefined;
  /** Subprotocols that this app speaks; the first one offered by the client is chosen. @default [] */
  readonly subprotocols?: readonly string[] | undefined;
  /** Largest message, in bytes; at most 131,072. The default is what a browser can send: one frame. @default 32768 */
  readonly maxMessageBytes?: number | undefined;
  /** How broadcasts behave. */
  readonly broadcast?: BroadcastSettings | undefined;
  /** Told of every error that a hook or the store caused. Default: one line of JSON on stderr. */
  readonly onError?: ((report: ErrorReport) => void) | undefined;
}

/** An error and where it happened. Holds no message body and no connection id. */
export interface ErrorReport {
  readonly error: unknown;
  /** For example `connect`, or `message 'say'`. */
  readonly during: string;
  readonly requestId: string | undefined;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    contract: z.optional(objectWith<Contract>('a contract')),
    store: objectWith<ConnectionStore>(
      'a connection store, for example memoryStore()',
      'put',
      'list',
      'remove',
    ),
    transport: z.optional(
      objectWith<Transport>('a transport, for example restTransport()', 'encode', 'send'),
    ),
    origins: originsSchema(),
    authenticate: z.optional(functionOption<Authenticate>()),
    authorize: z.optional(functionOption<Authorize>()),
    subprotocols: z._default(z.array(z.string().check(z.minLength(1))), []),
    maxMessageBytes: z._default(z.int().check(z.minimum(1), z.maximum(MAX_MESSAGE_BYTES)), 32 * 1024),
    broadcast: z.optional(settingsSchema()),
    onError: z._default(functionOption<(report: ErrorReport) => void>(), () => logError),
  }),
);

/** The hooks of an app, and the handler to export. Every hook can be set once, and every method returns the app. */
export interface App<K extends Contract = Contract> {
  /** Accepts or refuses a handshake, after origin and identity were checked. */
  onConnect(hook: ConnectHook<K>): App<K>;
  /** Handles a message type of the contract. */
  on<T extends ClientTypeOf<K>>(type: T, hook: MessageHook<K, T>): App<K>;
  /** Handles binary frames, and text frames too when there is no contract. */
  onMessage(hook: RawMessageHook<K>): App<K>;
  /** Told when a connection has gone. The platform tries to deliver this event, but does not promise it. */
  onDisconnect(hook: DisconnectHook<K>): App<K>;
  /** Handles HTTP requests, timers and queue messages that reach the same function. */
  onOtherEvent(hook: OtherEventHook<K>): App<K>;
  /** Wraps every websocket event, for logging, limits or timing. */
  use(middleware: Middleware): App<K>;
  /**
   * The function to export. Never throws for a websocket event. An HTTP request without `onOtherEvent` gets a 404; a
   * timer or queue event without it rejects, since answering would lose the message.
   */
  readonly handler: (event: unknown, context?: FunctionContext) => Promise<GatewayResponse>;
  /** For broadcasts from elsewhere in the same instance. */
  readonly broadcaster: Broadcaster<K>;
}

/**
 * Makes the backend of one or more websocket paths from hooks. Throws `INVALID_OPTIONS` that names the option.
 *
 * @example
 * const app = createApp({ contract: chat, store: memoryStore(), origins: ['https://chat.example'] });
 * app.on('say', ({ data, connection, to }) => to(data.room).except(connection).send('said', { text: data.text }));
 * export const handler = app.handler;
 */
export function createApp<K extends Contract = Contract>(options: AppOptions<K>): App<K> {
  const { store, transport, onError, ...parsed } = parseOptions(optionsSchema(), options, 'createApp');
  const contract = options.contract;
  const broadcaster = createBroadcaster<K>({ store, transport, contract, ...parsed.broadcast });
  const handleParts: HandleParts = { store, transport: broadcaster.transport, authorize: parsed.authorize };
  const handlers = new Map<string, MessageHook<K, never>>();
  const middlewares: Middleware[] = [];
  const hooks: Hooks<K> = { ...noHooks };

  function setHook<N extends keyof Hooks<K>>(name: N, hook: Hooks<K>[N]): App<K> {
    if (hooks[name] !== undefined)
      throw new BroadcastError('INVALID_OPTIONS', `${name}: already set; an app has one`);
    hooks[name] = hook;
    return app;
  }

  function addMessageHook<T extends ClientTypeOf<K>>(type: T, hook: MessageHook<K, T>): App<K> {
    requireType(contract, type, handlers);
    handlers.set(type, hook);
    return app;
  }

  function dispatch(event: WebSocketEvent, tools: CallTools<K>): Promise<GatewayResponse> {
    const report = (error: unknown, during: string): void => {
      onError({ error, during, requestId: tools.context.requestId ?? event.requestId });
    };
    const parts = { ...parsed, ...handleParts, ...hooks, contract, handlers, report };
    switch (event.kind) {
      case 'connect':
        return handleConnect<K>(parts, tools, event);
      case 'message':
        return handleMessage<K>(parts, tools, event);
      case 'disconnect':
        return handleDisconnect<K>(parts, tools, event);
    }
  }

  async function handler(raw: unknown, context: FunctionContext = {}): Promise<GatewayResponse> {
    let event: GatewayEvent;
    try {
      event = parseEvent(raw);
    } catch (error) {
      onError({ error, during: 'event', requestId: context.requestId });
      const shown = toClientError(error);
      // Whatever it is, the answer to a message goes to the client as a message.
      return claimedEventType(raw) === 'MESSAGE' ? errorReply(undefined, shown) : errorResponse(400, shown);
    }
    const tools = toolsOf(broadcaster.during(context), context);
    if (event.kind === 'other') return handleOther(hooks.onOtherEvent, event, tools);
    try {
      return await throughMiddlewares(middlewares, event, context, () => dispatch(event, tools));
    } catch (error) {
      if (!isExpected(error))
        onError({ error, during: event.kind, requestId: context.requestId ?? event.requestId });
      return failure(event, error);
    }
  }

  const app: App<K> = {
    onConnect: (hook) => setHook('onConnect', hook),
    on: addMessageHook,
    onMessage: (hook) => setHook('onMessage', hook),
    onDisconnect: (hook) => setHook('onDisconnect', hook),
    onOtherEvent: (hook) => setHook('onOtherEvent', hook),
    use(middleware) {
      middlewares.push(middleware);
      return app;
    },
    handler,
    broadcaster,
  };
  return app;
}

interface Hooks<K extends Contract> {
  onConnect: ConnectHook<K> | undefined;
  onMessage: RawMessageHook<K> | undefined;
  onDisconnect: DisconnectHook<K> | undefined;
  onOtherEvent: OtherEventHook<K> | undefined;
}

const noHooks = {
  onConnect: undefined,
  onMessage: undefined,
  onDisconnect: undefined,
  onOtherEvent: undefined,
};

function requireType(
  contract: Contract | undefined,
  type: string,
  handlers: ReadonlyMap<string, unknown>,
): void {
  if (contract === undefined || !Object.hasOwn(contract.client, type)) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `on('${type}'): the contract's client messages have no such type`,
    );
  }
  if (handlers.has(type)) throw new BroadcastError('INVALID_OPTIONS', `on('${type}'): already set`);
}

function toolsOf<K extends Contract>(broadcaster: Broadcaster<K>, context: FunctionContext): CallTools<K> {
  const { to, toUser, toAll } = broadcaster;
  return { broadcaster, context, to, toUser, toAll };
}

function throughMiddlewares(
  middlewares: readonly Middleware[],
  event: WebSocketEvent,
  context: FunctionContext,
  innermost: () => Promise<GatewayResponse>,
): Promise<GatewayResponse> {
  const layers = middlewares.reduceRight<() => Promise<GatewayResponse>>(
    (next, middleware) => async () => middleware({ event, context }, next),
    innermost,
  );
  return layers();
}

/** A refused connect has a status; the answer to a message is a message; nobody reads the answer to a disconnect. */
function failure(event: WebSocketEvent, error: unknown): GatewayResponse {
  const shown = toClientError(error);
  if (event.kind === 'connect') return errorResponse(statusOf(error), shown);
  return event.kind === 'message' ? errorReply(undefined, shown) : empty();
}

async function handleOther<K extends Contract>(
  hook: OtherEventHook<K> | undefined,
  event: OtherEvent,
  tools: CallTools<K>,
): Promise<GatewayResponse> {
  if (hook !== undefined) return (await hook({ ...tools, event })) ?? empty();
  if (event.type === 'queue' || event.type === 'timer') {
    throw new BroadcastError(
      'INVALID_EVENT',
      `a ${event.type} event came, but the app has no onOtherEvent hook`,
    );
  }
  const statusCode = event.type === 'http' ? 404 : 400;
  return errorResponse(statusCode, {
    code: 'INVALID_EVENT',
    message: 'this function handles websocket events',
  });
}

/** One line, as the platform's structured logs want it. Errors of this library never contain tokens or payloads. */
function logError({ error, during, requestId }: ErrorReport): void {
  const { code, message } = BroadcastError.from(error);
  const stack = error instanceof Error && !(error instanceof BroadcastError) ? error.stack : undefined;
  console.error(JSON.stringify({ level: 'ERROR', message: `${during}: ${message}`, code, requestId, stack }));
}
