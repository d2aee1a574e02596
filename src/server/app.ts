import { createHandler } from './app/handler.js';
import { createHookRegistry, type Hooks } from './app/hook-registry.js';
import { neverThrowing } from './app/log-error.js';
import { appOptionsSchema, type AppOptions } from './app/options.js';
import { createSocketEvents } from './app/socket-events.js';
import { createBroadcaster, type Broadcaster } from './broadcast.js';
import type { FunctionContext } from '../base/invocation.js';
import type { Identity } from '../model/connection.js';
import type { ClientTypeOf, Contract } from '../model/contract.js';
import type {
  ConnectHook,
  DisconnectHook,
  MessageHook,
  Middleware,
  OtherEventHook,
  RawMessageHook,
} from './handlers/hooks.js';
import type { GatewayResponse } from './handlers/responses.js';
import { parseShared } from './shared-options.js';

/** What the compiler shows where `on` is called and there is no contract. */
type HasContract<K extends Contract> =
  string extends ClientTypeOf<K> ? 'give createApp a contract, or use onMessage' : unknown;

/**
 * The hooks of an app, and the handler to export. Every hook can be set once, and every method returns the
 * app. `I` is what `authenticate` returns.
 */
export interface App<K extends Contract = Contract, I extends Identity = Identity> {
  /** Accepts or refuses a handshake, after origin and identity were checked. */
  onConnect(hook: ConnectHook<K, I>): App<K, I>;
  /** Handles a message type of the contract. */
  on<T extends keyof K['client'] & string>(
    this: HasContract<K>,
    type: T,
    hook: MessageHook<K, T, I>,
  ): App<K, I>;
  /** Handles binary frames, and text frames too when there is no contract. */
  onMessage(hook: RawMessageHook<K, I>): App<K, I>;
  /** Told when a connection has gone. The platform tries to deliver this event, but does not promise it. */
  onDisconnect(hook: DisconnectHook<K, I>): App<K, I>;
  /** Handles HTTP requests, timers and queue messages that reach the same function. */
  onOtherEvent(hook: OtherEventHook<K>): App<K, I>;
  /** Wraps every websocket event, for logging, limits or timing. */
  use(middleware: Middleware): App<K, I>;
  /**
   * The function to export. Never throws for a websocket event. An HTTP request without `onOtherEvent` gets a
   * 404; a timer or queue event without it rejects, since answering would lose the message.
   */
  readonly handler: (event: unknown, context?: FunctionContext) => Promise<GatewayResponse>;
  /**
   * Another function to export, for the trigger of the fan-out's queue; {@link handler} takes its events,
   * too. Whatever is in such an event is taken for a job. Rejects when the event has to come again.
   */
  readonly worker: (event: unknown, context?: FunctionContext) => Promise<GatewayResponse>;
  /** For broadcasts from elsewhere in the same instance. */
  readonly broadcaster: Broadcaster<K>;
}

/**
 * Makes the backend of one or more websocket paths from hooks. Throws `INVALID_OPTIONS` that names the
 * option.
 *
 * @example
 * const app = createApp({ contract: chat, store: memoryStore(), origins: ['https://chat.example'] });
 * app.on('say', ({ data, connection, to }) => to(data.room).except(connection).send('said', { text: data.text }));
 * export const handler = app.handler;
 */
export function createApp<K extends Contract = Contract, I extends Identity = Identity>(
  options: AppOptions<K, I>,
): App<K, I> {
  const { observe, onError: told, ...settings } = parseShared(appOptionsSchema(), options, 'createApp');
  const { contract } = options;
  const { store, transport, broadcast } = settings;
  const { history, state } = settings.rooms;
  const rooms = { history, state };
  const broadcaster = createBroadcaster<K>({ store, transport, contract, broadcast, rooms, observe });
  const onError = neverThrowing(told);
  const registry = createHookRegistry(contract);
  const deps = { settings, contract, broadcaster, registry, onError };
  const handleSocketEvent = createSocketEvents<K>(deps);
  const { handler, worker } = createHandler<K>({ ...deps, observe, handleSocketEvent });

  function set<N extends keyof Hooks<K>>(name: N): (hook: Required<Hooks<K>>[N]) => App<K, I> {
    return (hook) => {
      registry.set(name, hook);
      return app;
    };
  }

  const app: App<K, I> = {
    onConnect: set('onConnect'),
    on(type, hook) {
      registry.addHandler(type, hook);
      return app;
    },
    onMessage: set('onMessage'),
    onDisconnect: set('onDisconnect'),
    onOtherEvent: set('onOtherEvent'),
    use(middleware) {
      registry.use(middleware);
      return app;
    },
    handler,
    worker,
    broadcaster,
  };
  return app;
}
