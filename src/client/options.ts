import type { ClientTypeOf, Contract } from '../model/contract.js';
import { systemClock, type ClientClock } from './base/clock.js';
import { RequestError } from './requests/request-error.js';
import type { WebSocketConstructor } from './connection/socket.js';

/**
 * A value, or what gives one; asked before every attempt to connect. What it throws or rejects with fails the
 * attempt.
 */
export type Given<T> = T | (() => T | Promise<T>);

/** Where to connect to, as whom, and how patiently. */
export interface ConnectOptions<K extends Contract = Contract> {
  /** The address of the gateway's websocket path, `wss://…`. */
  readonly url: Given<string>;
  /**
   * Proof of identity; the server finds it as `query.token`. Query strings end up in logs, so let it be
   * short-lived. Others see it as little as they see the rest of the address: it is encrypted on the way.
   */
  readonly token?: Given<string> | undefined;
  /** Subprotocols to offer. @default [] */
  readonly protocols?: readonly string[] | undefined;
  /**
   * The constructor of sockets. Default: the global `WebSocket` of browsers and of Node.js 22 and later.
   * Node.js 20 has none: pass that of the package `ws`.
   */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /**
   * Types of messages that may reach the server twice: those that it handles once (`once` in the contract),
   * and those that do no harm. They are sent again when the connection breaks before their answer has come.
   * @default []
   */
  readonly resend?: readonly ClientTypeOf<K>[] | undefined;
  /**
   * How many messages may wait, for a connection or for answers to those that were sent before. @default 1000
   */
  readonly maxQueued?: number | undefined;
  /**
   * How long a message waits for a connection and its answer, unless it says otherwise; in milliseconds.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Upper limit of the first random delay before a new attempt, in milliseconds; it doubles each time.
   * @default 1000
   */
  readonly minDelayMs?: number | undefined;
  /** Upper limit of every delay, in milliseconds. @default 30000 */
  readonly maxDelayMs?: number | undefined;
  /**
   * `true` opens nothing until the first `join`, `send`, `request` or `start`: for modules that a server
   * imports as well, to render a page. Without a `WebSocket` these throw, not `connect`. @default false
   */
  readonly lazy?: boolean | undefined;
  /** For tests: another clock. */
  readonly clock?: ClientClock | undefined;
  /** For tests: another `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Options with their defaults. */
export interface ClientSettings {
  readonly address: () => Promise<string>;
  readonly protocols: readonly string[];
  /** Throws `INVALID_OPTIONS` where there is none. */
  readonly webSocket: () => WebSocketConstructor;
  readonly lazy: boolean;
  readonly resend: readonly string[];
  readonly maxQueued: number;
  readonly timeoutMs: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly clock: ClientClock;
  readonly random: () => number;
}

const globals = globalThis as { readonly WebSocket?: WebSocketConstructor };

/** Names of all options, too. */
const DEFAULTS = {
  url: '',
  token: '',
  protocols: [],
  WebSocket: undefined,
  lazy: false,
  resend: [],
  maxQueued: 1000,
  timeoutMs: 30_000,
  minDelayMs: 1000,
  maxDelayMs: 30_000,
  clock: systemClock,
  random: Math.random,
};

/**
 * Fills in the defaults. Throws `INVALID_OPTIONS` that names the option; one that does not exist is refused.
 */
export function settingsOf<K extends Contract>(options: ConnectOptions<K>): ClientSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) checkOption(name, value);
  if (!options.url) throw invalid('url', 'is missing');
  const settings = { ...DEFAULTS, ...Object.fromEntries(given) };
  return { ...settings, address: () => addressOf(options), webSocket: () => webSocketOf(options) };
}

function checkOption(name: string, value: unknown): void {
  if (!Object.keys(DEFAULTS).includes(name)) throw invalid(name, 'there is no such option');
  const isNumber = typeof DEFAULTS[name as keyof typeof DEFAULTS] === 'number';
  if (isNumber && !(Number(value) >= 0)) throw invalid(name, 'expected a number');
}

function invalid(name: string, what: string): RequestError {
  return new RequestError('INVALID_OPTIONS', `connect.${name}: ${what}`);
}

/** Not before it is needed: a server that renders a page may have none. */
function webSocketOf({
  WebSocket = globals.WebSocket,
}: Pick<ConnectOptions, 'WebSocket'>): WebSocketConstructor {
  if (WebSocket === undefined) throw invalid('WebSocket', 'is missing, pass that of the package ws');
  return WebSocket;
}

async function addressOf({ url, token }: Pick<ConnectOptions, 'url' | 'token'>): Promise<string> {
  const address = new URL(await valueOf(url));
  if (token !== undefined) address.searchParams.set('token', await valueOf(token));
  return address.href;
}

function valueOf<T extends string>(given: Given<T>): T | Promise<T> {
  return typeof given === 'function' ? given() : given;
}
