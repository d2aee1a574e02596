import * as z from 'zod';
import { functionOption, lazily, parseOptions } from '../base/options.js';
import { CONNECTION_IDLE_MS, CONNECTION_LIFETIME_MS } from '../base/protocol.js';
import { faultSchema, type Fault } from './faults/fault.js';
import { CLOUD_FRAME_LIMITS } from './sockets/frame-limits.js';
import type { RequestIds } from './sockets/gateway.js';
import type { MessageOrder } from './sockets/messages.js';
import { functionSourceSchema, type FunctionSource } from './instances/settings.js';
import type { FunctionOutput } from './instances/host.js';
import type { FunctionTarget } from './calls/function-target.js';
import type { FunctionHandler } from './calls/invoker.js';
import type { GrpcErrors } from './management/grpc.js';
import { queuesSchema, triggersSchema, type QueueOptions, type TriggerOptions } from './queue/options.js';
import { profileSchema, type Profile } from './profile/profile.js';
import { timersSchema, type TimerOptions } from './timers/options.js';
import type { SpecSource } from './spec/read-spec.js';
import type { VariableValues } from './spec/variables.js';
import type { TimelineEntry } from './timeline/timeline.js';

/** What a local gateway serves, and what it does differently from the default. */
export interface EmulatorOptions {
  /**
   * What handles which path: `/ws`, `/ws/{room}`, `/{path+}`. The function gets all three websocket events.
   */
  readonly routes?: Readonly<Record<string, FunctionTarget>> | undefined;
  /**
   * The gateway's OpenAPI specification instead of `routes`: a file of YAML or JSON, or the document itself.
   * Websocket and HTTP operations with `cloud_functions` and `dummy` integrations are run, and authorizers
   * that are functions or check JSON Web Tokens; for the rest see `warnings`.
   */
  readonly spec?: SpecSource | undefined;
  /**
   * The functions that the specification names, by their ids; or one function that stands for all of them.
   */
  readonly functions?:
    FunctionHandler | FunctionSource | Readonly<Record<string, FunctionTarget>> | undefined;
  /** Values for the specification's variables. Default: those that it declares. */
  readonly variables?: VariableValues | undefined;
  /** @default 0, which takes any free port */
  readonly port?: number | undefined;
  /**
   * A second port with TLS that answers gRPC, REST and WebSockets, with a certificate made on the spot. The
   * official SDK and other gRPC clients need it. Off by default, so that tests pay for it only where they
   * want it. A port of 0 takes any free one. @default false
   */
  readonly tls?: boolean | { readonly port?: number | undefined } | undefined;
  /**
   * Lets functions that run in instances reach this gateway at the cloud's own addresses: the official SDK
   * with its default endpoint and the metadata service's credentials, `fetch`, axios and so on. Needs the
   * port of `tls`, and opens it. Files stand in `folder` until the gateway is stopped; they hold certificates
   * to trust and no key. Other programs find what they need in `redirect` of the result. @default false, and
   * the folder '.yc-broadcast'
   */
  readonly redirect?: boolean | { readonly folder?: string | undefined } | undefined;
  /**
   * How gRPC answers that fail look: with response headers before the status, as trailers only, or in turn
   * one and the other. The official SDK makes errors of two classes of them, one without a code. @default
   * 'mixed'
   */
  readonly grpcErrors?: GrpcErrors | undefined;
  /** `manual` is a clock for tests: it stands still until `clock.advance()`. @default 'system' */
  readonly clock?: 'system' | 'manual' | undefined;
  /**
   * Hosts that clients may reach the gateway by, beside localhost and loopback addresses: the name of a
   * tunnel or of a container, without a port. `.example.com` stands for all names that end with it. A request
   * with another `Host` gets 403, which keeps out web pages that point a name of their own at this machine
   * (DNS rebinding). @default []
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * A directory whose files are served for paths that have no route. Files and folders with a leading dot are
   * not.
   */
  readonly static?: string | undefined;
  /** Longest time of a function call, in milliseconds. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** What `context.memoryLimitInMB` says. @default 128 */
  readonly memoryMb?: number | undefined;
  /**
   * `context.token`, and the only token that the management API takes. Any token is taken when it is not
   * given.
   */
  readonly token?: string | undefined;
  /** Whether the function has a service account, and so a `context.token`. @default true */
  readonly serviceAccount?: boolean | undefined;
  /** Departures from the cloud's limits. Defaults: 60 minutes, 10 minutes, 131,072 and 32,768 bytes. */
  readonly limits?:
    | {
        readonly lifetimeMs?: number | undefined;
        readonly idleMs?: number | undefined;
        readonly maxMessageBytes?: number | undefined;
        readonly maxFrameBytes?: number | undefined;
      }
    | undefined;
  /**
   * Whether the calls for the messages of one connection overlap, so that a quick one overtakes a slow one,
   * or each waits for the one before it. Both were reported of the cloud, so a handler has to bear both.
   * @default 'overlapping'
   */
  readonly messageOrder?: MessageOrder | undefined;
  /**
   * `'connection'` gives all events of a connection one request id, as in the published samples. Documented
   * is that calls which overlap on an instance need ids of their own. With the default each event has its
   * own. @default 'event'
   */
  readonly requestIds?: RequestIds | undefined;
  /**
   * How often a disconnect event is tried, a second apart, when too many calls are under way. Documented is
   * that an event is attempted and not guaranteed; that it is tried once is an assumption. @default 1
   */
  readonly disconnectAttempts?: number | undefined;
  /**
   * A store that all instances share, in the memory of this gateway. `ydbStore()` in an instance finds it
   * without options, and speaks to it as it does to YDB in the cloud; other code is given `emulator.store`.
   * @default false
   */
  readonly store?: boolean | undefined;
  /**
   * Queues of Message Queue, by their names. Clients of SQS talk to them at this gateway's address;
   * `messageQueue()` in an instance finds the first, and `messageQueue({ name })` each. See
   * `emulator.queue(name)`. @default {}
   */
  readonly queues?: Readonly<Record<string, QueueOptions>> | undefined;
  /** What reads the queues: functions, or the sockets of a path. @default [] */
  readonly triggers?: readonly TriggerOptions[] | undefined;
  /** Functions that are called again and again, as a timer does in the cloud. @default [] */
  readonly timers?: readonly TimerOptions[] | undefined;
  /** The only access key that queues take. Any is taken when it is not given. */
  readonly accessKeyId?: string | undefined;
  /**
   * What goes wrong from the start, as in `faults.add`, or in the textual form:
   * `send.status=503 send.rate=0.2`.
   */
  readonly faults?: readonly Fault[] | string | undefined;
  /**
   * Where the decisions of faults begin: the same seed, faults and calls make the same decisions. @default 1
   */
  readonly seed?: number | undefined;
  /**
   * What `yc-broadcast conformance` has seen in the cloud: the content of its file. Replaces what this
   * gateway assumes where the documentation is silent; `warnings` says which entries it cannot follow.
   * Options that say something else win.
   */
  readonly profile?: Profile | undefined;
  /** Takes what functions in instances print. Default: it goes where this process prints. */
  readonly onOutput?: ((output: FunctionOutput) => void) | undefined;
  /** Gives up a start that takes too long: `startEmulator` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told of everything that happens. */
  readonly onTimeline?: ((entry: TimelineEntry) => void) | undefined;
}

/** As documented for a function that sets neither. */
export const GATEWAY_DEFAULTS = { timeoutMs: 10_000, memoryMb: 128 } as const;

/** Assumptions: none of them is documented. */
export const SOCKET_DEFAULTS = {
  messageOrder: 'overlapping',
  requestIds: 'event',
  disconnectAttempts: 1,
} as const;

const handlerSchema = functionOption<FunctionHandler>();
const targetSchema = z.union([
  handlerSchema,
  z.strictObject({ handler: handlerSchema }),
  functionSourceSchema,
]);
const positive = z.number().positive();

const portNumber = z.int().min(0).max(65_535).default(0);

const settingsSchema = z.strictObject({
  routes: z
    .record(z.string().startsWith('/', "a path begins with '/'; put one in front"), targetSchema)
    .refine((routes) => Object.keys(routes).length > 0, 'needs at least one path')
    .optional(),
  spec: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  functions: z.union([handlerSchema, functionSourceSchema, z.record(z.string(), targetSchema)]).optional(),
  variables: z.record(z.string(), z.string()).default({}),
  port: portNumber,
  tls: z
    .union([z.boolean(), z.strictObject({ port: portNumber })])
    .default(false)
    .transform((tls) => (tls === true ? { port: 0 } : tls === false ? undefined : tls)),
  redirect: z
    .union([z.boolean(), z.strictObject({ folder: z.string().min(1).optional() })])
    .default(false)
    .transform((given) => {
      if (given === false) return undefined;
      return { folder: (given === true ? undefined : given.folder) ?? '.yc-broadcast' };
    }),
  grpcErrors: z.enum(['headers', 'trailers', 'mixed']).default('mixed'),
  clock: z.enum(['system', 'manual']).default('system'),
  allowedHosts: z
    .array(
      z.string().regex(/^\.?[\w-]+(\.[\w-]+)*$|^\[[\da-f:.]+\]$/i, 'expected a host name without a port'),
    )
    .default([]),
  static: z.string().optional(),
  timeoutMs: positive.default(GATEWAY_DEFAULTS.timeoutMs),
  memoryMb: positive.default(GATEWAY_DEFAULTS.memoryMb),
  token: z.string().min(1).optional(),
  serviceAccount: z.boolean().default(true),
  limits: z
    .strictObject({
      lifetimeMs: positive.default(CONNECTION_LIFETIME_MS),
      idleMs: positive.default(CONNECTION_IDLE_MS),
      maxMessageBytes: positive.default(CLOUD_FRAME_LIMITS.maxMessageBytes),
      maxFrameBytes: positive.default(CLOUD_FRAME_LIMITS.maxFrameBytes),
    })
    .prefault({}),
  messageOrder: z.enum(['overlapping', 'serial']).default(SOCKET_DEFAULTS.messageOrder),
  requestIds: z.enum(['event', 'connection']).default(SOCKET_DEFAULTS.requestIds),
  disconnectAttempts: z.int().min(1).max(10).default(SOCKET_DEFAULTS.disconnectAttempts),
  store: z.boolean().default(false),
  queues: queuesSchema,
  triggers: triggersSchema(targetSchema),
  timers: timersSchema(targetSchema),
  accessKeyId: z.string().min(1).optional(),
  faults: z.union([z.string(), z.array(faultSchema)]).default([]),
  seed: z.int().min(0).default(1),
  profile: profileSchema.optional(),
  signal: z.instanceof(AbortSignal).optional(),
  onOutput: z.optional(functionOption<(output: FunctionOutput) => void>()),
  onTimeline: z.optional(functionOption<(entry: TimelineEntry) => void>()),
});

const optionsSchema = lazily(() =>
  settingsSchema.refine(
    ({ routes, spec }) => (routes === undefined) !== (spec === undefined),
    'expected either routes or spec',
  ),
);

export type ParsedEmulatorOptions = z.output<ReturnType<typeof optionsSchema>>;

export function parseEmulatorOptions(options: EmulatorOptions): ParsedEmulatorOptions {
  return parseOptions(optionsSchema(), options, 'startEmulator');
}
