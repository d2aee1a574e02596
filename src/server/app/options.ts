import * as z from 'zod/mini';
import type { Identity } from '../../model/connection.js';
import type { Contract } from '../../model/contract.js';
import { sharedShape, type SharedOptions } from '../shared-options.js';
import type { Authorize } from '../handlers/connection-handle.js';
import type { Authenticate } from '../handlers/hooks.js';
import { originsSchema, type Origins } from '../handlers/origins.js';
import { roomsSchema, type RoomsOptions } from '../handlers/session/options.js';
import { functionOption, lazily } from '../../base/options.js';
import {
  CONNECTION_IDLE_MS,
  CONNECTION_LIFETIME_MS,
  KEEP_ALIVE_MS,
  MAX_MESSAGE_BYTES,
} from '../../base/protocol.js';
import { logError, type ErrorReport } from './log-error.js';

/** What an app is made of, see {@link createApp}. */
export interface AppOptions<
  K extends Contract = Contract,
  I extends Identity = Identity,
> extends SharedOptions<K> {
  /** What clients and server may send. Without it, `onMessage` gets every frame as it is. */
  readonly contract?: K | undefined;
  /**
   * Pages that may connect, as exact origins (`https://app.example`), or `'any'`. Required: a browser sends
   * cookies along with a handshake from any page. Clients that are no browsers send no origin and are let
   * through.
   */
  readonly origins: Origins;
  /**
   * Says who connects; nothing refuses with 401. Everybody may connect as nobody when it is not given. What
   * it returns is the type of `connection.user` and `connection.attributes` in hooks, and in the options that
   * stand behind it.
   */
  readonly authenticate?: Authenticate<I> | undefined;
  /** Says who may join which room. Every room is open when it is not given. */
  readonly authorize?: Authorize<I> | undefined;
  /** Subprotocols that this app speaks; the first one offered by the client is chosen. @default [] */
  readonly subprotocols?: readonly string[] | undefined;
  /**
   * Largest message, in bytes; at most 131,072. The default is what a browser can send: one frame. @default
   * 32768
   */
  readonly maxMessageBytes?: number | undefined;
  /** What rooms keep and show, and what clients may do with them by themselves. Default: nothing. */
  readonly rooms?: RoomsOptions<I> | undefined;
  /**
   * How long a connection lives, in milliseconds, as clients are told, who move to another one in time. Not
   * more than the gateway's 60 minutes; less where something else closes connections earlier. @default
   * 3600000
   */
  readonly lifetimeMs?: number | undefined;
  /**
   * How often clients are told to say something at least, in milliseconds: the gateway closes what was idle
   * for 10 minutes, and each `$ping` is one call. @default 540000
   */
  readonly keepAliveMs?: number | undefined;
  /**
   * For how long a message that is handled `once` (see the contract) is remembered, in milliseconds. A client
   * that sends it again later has it handled again. @default 86400000
   */
  readonly onceMs?: number | undefined;
  /**
   * Takes events for websocket events although only their `X-Yc-Apigateway-Websocket-*` headers say so, as
   * with container and HTTP integrations. Clients choose the headers of HTTP requests: set it only where
   * nothing but the gateway's websocket operations can call the app, since whoever else can speaks and
   * connects as anybody. See docs/SECURITY.md. @default false
   */
  readonly trustWebSocketHeaders?: boolean | undefined;
  /** The clock, in Unix milliseconds; the store's should be the same. @default Date.now */
  readonly now?: (() => number) | undefined;
  /**
   * Told of every error that a hook or the store caused. Default: one line of JSON on stderr, without the
   * error's message unless it is the local gateway that calls.
   */
  readonly onError?: ((report: ErrorReport) => void) | undefined;
}

export const appOptionsSchema = lazily(() =>
  z.strictObject({
    ...sharedShape(),
    origins: originsSchema(),
    authenticate: z.optional(functionOption<Authenticate>()),
    authorize: z.optional(functionOption<Authorize>()),
    subprotocols: z._default(z.array(z.string().check(z.minLength(1))), []),
    maxMessageBytes: z._default(z.int().check(z.minimum(1), z.maximum(MAX_MESSAGE_BYTES)), 32 * 1024),
    rooms: roomsSchema(),
    lifetimeMs: z._default(
      z.int().check(z.minimum(1), z.maximum(CONNECTION_LIFETIME_MS)),
      CONNECTION_LIFETIME_MS,
    ),
    keepAliveMs: z._default(z.int().check(z.minimum(1), z.maximum(CONNECTION_IDLE_MS)), KEEP_ALIVE_MS),
    onceMs: z._default(z.int().check(z.minimum(1000)), 24 * 60 * 60 * 1000),
    trustWebSocketHeaders: z._default(z.boolean(), false),
    now: z._default(functionOption<() => number>(), () => Date.now),
    onError: z._default(functionOption<(report: ErrorReport) => void>(), () => logError),
  }),
);
