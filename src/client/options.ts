import type { ClientTypeOf, Contract } from '../contract.js';
import { systemClock, type ClientClock } from './clock.js';
import { RequestError } from './request-error.js';
import type { WebSocketConstructor } from './socket.js';

/** A value, or what gives one; asked before every attempt to connect. What it throws or rejects with fails the attempt. */
export type Given<T> = T | (() => T | Promise<T>);

export interface ConnectOptions<K extends Contract = Contract> {
  /** The address of the gateway's websocket path, `wss://…`. */
  readonly url: Given<string>;
  /**
   * Proof of identity; the server finds it as `query.token`. Query strings end up in logs, so let it be short-lived.
   * Others see it as little as they see the rest of the address: it is encrypted on the way.
   */
  readonly token?: Given<string> | undefined;
  /** Subprotocols to offer. @default [] */
  readonly protocols?: readonly string[] | undefined;
  /** A contract's client messages, to refuse a type that it does not have at once. Not needed for types: `connect<typeof chat>`. */
  readonly contract?: K | undefined;
  /** The constructor of sockets. Default: the global one of browsers and Node.js 22; in Node.js 20, that of `ws`. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /**
   * Types of messages that may reach the server twice: those that it handles once (`once` in the contract), and those
   * that do no harm. They are sent again when the connection breaks before their answer has come. @default []
   */
  readonly resend?: readonly ClientTypeOf<K>[] | undefined;
  /** How many messages may wait for a connection. @default 100 */
  readonly maxQueued?: number | undefined;
  /** How long a message waits for a connection and its answer, unless it says otherwise; in milliseconds. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Upper limit of the first random delay before a new attempt, in milliseconds; it doubles each time. @default 1000 */
  readonly minDelayMs?: number | undefined;
  /** Upper limit of every delay, in milliseconds. @default 30000 */
  readonly maxDelayMs?: number | undefined;
  /** For tests: another clock. */
  readonly clock?: ClientClock | undefined;
  /** For tests: another `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Options with their defaults. */
export interface Settings {
  readonly address: () => Promise<string>;
  readonly protocols: readonly string[];
  readonly contract: Contract | undefined;
  readonly WebSocket: WebSocketConstructor;
  readonly resend: readonly string[];
  readonly maxQueued: number;
  readonly timeoutMs: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly clock: ClientClock;
  readonly random: () => number;
}

const KINDS: Readonly<Record<keyof ConnectOptions, string>> = {
  url: 'string or function',
  token: 'string or function',
  protocols: 'object',
  contract: 'object',
  WebSocket: 'function',
  resend: 'object',
  maxQueued: 'number',
  timeoutMs: 'number',
  minDelayMs: 'number',
  maxDelayMs: 'number',
  clock: 'object',
  random: 'function',
};

/** Fills in the defaults. Throws `INVALID_OPTIONS` that names the option; one that does not exist is refused. */
export function settingsOf<K extends Contract>(options: ConnectOptions<K>): Settings {
  for (const name of Object.keys(options))
    if (!(name in KINDS)) throw invalid(name, 'there is no such option');
  for (const [name, kind] of Object.entries(KINDS)) {
    const value = options[name as keyof ConnectOptions];
    const isRight = value === undefined ? name !== 'url' : kind.includes(typeof value);
    if (!isRight || Number(value) < 0) throw invalid(name, `expected a ${kind}`);
  }
  const WebSocket = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (WebSocket === undefined) throw invalid('WebSocket', "not there in Node.js 20: give the one of 'ws'");
  return {
    address: () => addressOf(options),
    protocols: options.protocols ?? [],
    contract: options.contract,
    WebSocket,
    resend: options.resend ?? [],
    maxQueued: options.maxQueued ?? 100,
    timeoutMs: options.timeoutMs ?? 30_000,
    minDelayMs: options.minDelayMs ?? 1000,
    maxDelayMs: options.maxDelayMs ?? 30_000,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function invalid(name: string, what: string): RequestError {
  return new RequestError('INVALID_OPTIONS', `connect.${name}: ${what}`);
}

async function addressOf({ url, token }: Pick<ConnectOptions, 'url' | 'token'>): Promise<string> {
  const address = new URL(await valueOf(url));
  if (token !== undefined) address.searchParams.set('token', await valueOf(token));
  return address.href;
}

function valueOf<T extends string>(given: Given<T>): T | Promise<T> {
  return typeof given === 'function' ? given() : given;
}
