import type { ClientTypeOf, Contract } from '../../model/contract.js';
import { BroadcastError } from '../../base/errors.js';
import type {
  ConnectHook,
  DisconnectHook,
  MessageHook,
  Middleware,
  OtherEventHook,
  RawMessageHook,
} from '../handlers/hooks.js';

/** The hooks of which an app has one each. */
export interface Hooks<K extends Contract> {
  onConnect?: ConnectHook<K>;
  onMessage?: RawMessageHook<K>;
  onDisconnect?: DisconnectHook<K>;
  onOtherEvent?: OtherEventHook<K>;
}

/** What an app was told to do. */
export interface HookRegistry<K extends Contract> {
  readonly hooks: Readonly<Hooks<K>>;
  /** By type of message. */
  readonly handlers: ReadonlyMap<string, MessageHook<K, never>>;
  readonly middlewares: readonly Middleware[];
  /** Throws `INVALID_OPTIONS` when the hook is set already. */
  set<N extends keyof Hooks<K>>(name: N, hook: Required<Hooks<K>>[N]): void;
  /** Throws `INVALID_OPTIONS` when the type has a handler already, or is not in the contract. */
  addHandler<T extends ClientTypeOf<K>>(type: T, hook: MessageHook<K, T>): void;
  use(middleware: Middleware): void;
}

export function createHookRegistry<K extends Contract>(contract: K | undefined): HookRegistry<K> {
  const hooks: Hooks<K> = {};
  const handlers = new Map<string, MessageHook<K, never>>();
  const middlewares: Middleware[] = [];
  return {
    hooks,
    handlers,
    middlewares,
    set(name, hook) {
      if (hooks[name] !== undefined) throw invalid(`${name}: already set; an app has only one`);
      hooks[name] = hook;
    },
    addHandler(type, hook) {
      const call = `on('${type}')`;
      if (contract === undefined) throw invalid(`${call}: give createApp a contract, or use onMessage`);
      if (!Object.hasOwn(contract.client, type))
        throw invalid(`${call}: the contract's client messages have no such type`);
      if (handlers.has(type)) throw invalid(`${call}: already set`);
      handlers.set(type, hook);
    },
    use(middleware) {
      middlewares.push(middleware);
    },
  };
}

function invalid(problem: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', problem);
}
