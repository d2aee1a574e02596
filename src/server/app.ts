import { neverThrowing } from './app/log-error.js';
import { appOptionsSchema, type AppOptions } from './app/options.js';
import { createBroadcaster, type Broadcaster } from './broadcast.js';
import { hasOnce, type ClientTypeOf, type Contract } from '../model/contract.js';
import { BroadcastError } from '../base/errors.js';
import {
  claimedEventType,
  hasWebSocketHeaders,
  parseEvent,
  type GatewayEvent,
  type OtherEvent,
  type WebSocketEvent,
} from '../model/events.js';
import type { HandleDeps } from './handlers/connection-handle.js';
import { handleConnect } from './handlers/connect.js';
import { handleDisconnect } from './handlers/disconnect.js';
import type {
  CallTools,
  ConnectHook,
  DisconnectHook,
  MessageHook,
  Middleware,
  OtherEventHook,
  RawMessageHook,
} from './handlers/hooks.js';
import { handleMessage } from './handlers/message.js';
import {
  empty,
  errorReply,
  errorResponse,
  isExpected,
  statusOf,
  toClientError,
  type GatewayResponse,
} from './handlers/responses.js';
import { createRollback, letsIn, type Rollback } from './handlers/rollback.js';
import { createRoomHistories, historyStoreOf } from './history/histories.js';
import type { FunctionContext } from '../base/invocation.js';
import { through } from '../model/observer.js';
import { parseShared } from './shared-options.js';

/** What the compiler shows where `on` is called and there is no contract. */
type HasContract<K extends Contract> =
  string extends ClientTypeOf<K> ? 'give createApp a contract, or use onMessage' : unknown;

/** The hooks of an app, and the handler to export. Every hook can be set once, and every method returns the app. */
export interface App<K extends Contract = Contract> {
  /** Accepts or refuses a handshake, after origin and identity were checked. */
  onConnect(hook: ConnectHook<K>): App<K>;
  /** Handles a message type of the contract. */
  on<T extends keyof K['client'] & string>(this: HasContract<K>, type: T, hook: MessageHook<K, T>): App<K>;
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
  /**
   * Another function to export, for the trigger of the fan-out's queue; {@link handler} takes its events, too. Whatever
   * is in such an event is taken for a job. Rejects when the event has to come again.
   */
  readonly worker: (event: unknown, context?: FunctionContext) => Promise<GatewayResponse>;
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
  const { observe, onError: told, ...parsed } = parseShared(appOptionsSchema(), options, 'createApp');
  const onError = neverThrowing(told);
  const contract = options.contract;
  const { history, presence: roomPresence } = parsed.rooms;
  const { fanout } = parsed.broadcast;
  const broadcaster = createBroadcaster<K>({
    store: parsed.store,
    transport: parsed.transport,
    contract,
    broadcast: parsed.broadcast,
    rooms: { history, state: parsed.rooms.state },
    observe,
  });
  const { store } = broadcaster;
  const histories = createRoomHistories(store, history);
  if (hasOnce(contract)) historyStoreOf(store, 'once in the contract');
  if (roomPresence !== undefined) historyStoreOf(store, 'rooms.presence');
  const handleParts: HandleDeps = { store, transport: broadcaster.transport, authorize: parsed.authorize };
  const handlers = new Map<string, MessageHook<K, never>>();
  /** Types of the contract that clients have sent and nothing handles; each is reported once. */
  const unhandled = new Set<string>();
  const middlewares: Middleware[] = [];
  const hooks: Hooks<K> = {};
  const observers = observe.map((observer) => observer.invocation<GatewayResponse>);

  function setHook<N extends keyof Hooks<K>>(name: N, hook: Required<Hooks<K>>[N]): App<K> {
    if (hooks[name] !== undefined)
      throw new BroadcastError('INVALID_OPTIONS', `${name}: already set; an app has only one`);
    hooks[name] = hook;
    return app;
  }

  function addMessageHook<T extends ClientTypeOf<K>>(type: T, hook: MessageHook<K, T>): App<K> {
    requireType(contract, type, handlers);
    handlers.set(type, hook);
    return app;
  }

  function dispatch(
    event: WebSocketEvent,
    tools: CallTools<K>,
    rollback: Rollback,
  ): Promise<GatewayResponse> {
    const report = (error: unknown, during: string): void => {
      onError({ error, during, requestId: tools.context.requestId ?? event.requestId });
    };
    const presence = roomPresence?.watch(tools.broadcaster, parsed.now, report);
    const reportUnhandled = (type: string): void => {
      if (unhandled.has(type)) return;
      unhandled.add(type);
      report(noHandler(type), `message '${type}', which has no app.on('${type}')`);
    };
    const state = parsed.rooms.state?.open({
      store,
      contract,
      announce: (room, text, exceptId) =>
        tools
          .to(room)
          .except(...(exceptId === undefined ? [] : [exceptId]))
          .sendRaw(text),
    });
    const callParts = { presence, contract, histories, state, handlers, report, reportUnhandled, rollback };
    const parts = { ...parsed, ...handleParts, ...hooks, ...callParts };
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
      event = parseEvent(raw, parsed.now(), parsed);
    } catch (error) {
      onError({ error, during: 'event', requestId: context.requestId });
      const shown = toClientError(error);
      // Whatever it is, the answer to a message goes to the client as a message.
      return claimedEventType(raw) === 'MESSAGE' ? errorReply(undefined, shown) : errorResponse(400, shown);
    }
    if (event.kind === 'other' && event.type === 'queue' && fanout !== undefined) {
      const { jobs, others } = fanout.split(raw);
      if (jobs !== undefined) {
        const answer = await worker(jobs, context);
        if (others === undefined) return answer;
        event = { ...event, raw: others };
      }
    }
    const tools = toolsOf(broadcaster.during(context), context);
    const rollback = createRollback((error) => {
      onError({ error, during: 'connect, taking it back', requestId: context.requestId });
    });
    const handle = () =>
      event.kind === 'other'
        ? handleOther(hooks.onOtherEvent, event, tools)
        : through(middlewares, { event, context }, () => dispatch(event, tools, rollback));
    try {
      const response = await through(observers, { event, context, contract }, handle);
      if (!letsIn(response)) await rollback.run();
      return response;
    } catch (error) {
      await rollback.run();
      if (event.kind === 'other') throw error;
      if (!isExpected(error))
        onError({ error, during: event.kind, requestId: context.requestId ?? event.requestId });
      return failure(event, error);
    }
  }

  function worker(raw: unknown, context: FunctionContext = {}): Promise<GatewayResponse> {
    const event = { kind: 'other', type: 'queue', raw } as const;
    return through(observers, { event, context, contract }, async () => {
      await broadcaster.during(context).work(raw);
      return empty();
    });
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
    worker,
    broadcaster,
  };
  return app;
}

interface Hooks<K extends Contract> {
  onConnect?: ConnectHook<K>;
  onMessage?: RawMessageHook<K>;
  onDisconnect?: DisconnectHook<K>;
  onOtherEvent?: OtherEventHook<K>;
}

function noHandler(type: string): BroadcastError {
  const remedy = `add app.on('${type}', …), or take '${type}' out of the contract's client messages`;
  return new BroadcastError('INVALID_OPTIONS', `a client sent '${type}', which has no handler: ${remedy}`);
}

function requireType(
  contract: Contract | undefined,
  type: string,
  handlers: ReadonlyMap<string, unknown>,
): void {
  if (contract === undefined) {
    throw new BroadcastError('INVALID_OPTIONS', `on('${type}'): give createApp a contract, or use onMessage`);
  }
  if (!Object.hasOwn(contract.client, type)) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `on('${type}'): the contract's client messages have no such type`,
    );
  }
  if (handlers.has(type)) throw new BroadcastError('INVALID_OPTIONS', `on('${type}'): already set`);
}

function toolsOf<K extends Contract>(broadcaster: Broadcaster<K>, context: FunctionContext): CallTools<K> {
  const { to, toUser, toConnection, toAll, state } = broadcaster;
  return { broadcaster, context, to, toUser, toConnection, toAll, state };
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
  const remedy = hasWebSocketHeaders(event.raw) ? '; see trustWebSocketHeaders of createApp' : '';
  return errorResponse(statusCode, {
    code: 'INVALID_EVENT',
    message: `this function handles websocket events${remedy}`,
  });
}
