/**
 * Spans and metrics of calls, broadcasts, attempts at the gateway and operations of the store, through
 * OpenTelemetry's API: the SDK, its exporters and its sampling are the application's.
 */
import { isSpanContextValid, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import * as z from 'zod/mini';
import type { Observer } from '../model/observer.js';
import { functionOption, lazily, objectWith, parseOptions } from '../base/options.js';
import { createIdHasher } from './hash.js';
import { observeTransport } from './telemetry/attempts.js';
import { createBroadcastLayer } from './telemetry/broadcast.js';
import { createFlush } from './telemetry/flush.js';
import { createInstruments, SCOPE } from './telemetry/instruments.js';
import { createInvocationLayer } from './telemetry/invocation.js';
import type { TelemetryDeps } from './telemetry/parts.js';
import { observeStore } from './telemetry/store.js';

export { hashId } from './hash.js';

/** What {@link openTelemetry} reports to, and how much. */
export interface OpenTelemetryOptions {
  /**
   * Which attempts to send get a span of their own: none; those that failed, and the retries after them; or
   * all. Counts and times are measured in any case. @default 'failed'
   */
  readonly sendSpans?: 'none' | 'failed' | 'all' | undefined;
  /** Most such spans in one broadcast. @default 100 */
  readonly maxSendSpans?: number | undefined;
  /** Key of the short forms of ids. @default the variable YC_BROADCAST_HASH_KEY, or else the function's id */
  readonly hashKey?: string | undefined;
  /**
   * Exports what was gathered, usually `forceFlush` of the providers. It is called at the end of calls,
   * before the answer leaves, because an instance stands still between calls. Default: nothing is called.
   */
  readonly flush?: (() => Promise<unknown>) | undefined;
  /** A call that ends sooner after the last flush does without. 0: each call flushes. @default 5000 */
  readonly flushEveryMs?: number | undefined;
  /** How long a call waits for it, in milliseconds. @default 1000 */
  readonly flushTimeoutMs?: number | undefined;
  /** Default: the one that is registered. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: the one that is registered by the time of the first call. */
  readonly meterProvider?: MeterProvider | undefined;
}

const milliseconds = () => z.number().check(z.minimum(0));

const optionsSchema = lazily(() =>
  z.strictObject({
    sendSpans: z._default(z.enum(['none', 'failed', 'all']), 'failed'),
    maxSendSpans: z._default(z.int().check(z.minimum(0)), 100),
    hashKey: z.optional(z.string().check(z.minLength(1))),
    flush: z.optional(functionOption<() => Promise<unknown>>()),
    flushEveryMs: z._default(milliseconds(), 5000),
    flushTimeoutMs: z._default(milliseconds(), 1000),
    tracerProvider: z.optional(objectWith<TracerProvider>('a tracer provider', 'getTracer')),
    meterProvider: z.optional(objectWith<MeterProvider>('a meter provider', 'getMeter')),
  }),
);

/**
 * Traces and measures an app or a broadcaster.
 *
 * Spans nest only where a context manager is registered, as the Node SDK does: without one, each is a trace
 * of its own.
 *
 * @example
 * const app = createApp({ contract, store, origins, observe: [openTelemetry({ flush: () => provider.forceFlush() })] });
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Observer {
  const { hashKey, tracerProvider, meterProvider, sendSpans, maxSendSpans, ...flushOptions } = parseOptions(
    optionsSchema(),
    options,
    'openTelemetry',
  );
  const parts: TelemetryDeps = {
    tracer: lazily(() => (tracerProvider ?? trace.getTracerProvider()).getTracer(SCOPE)),
    instruments: lazily(() => createInstruments(meterProvider)),
    ids: createIdHasher(hashKey),
    sendSpans,
    maxSendSpans,
  };
  return {
    parts: ({ store, transport }) => ({
      store: observeStore(store, parts),
      transport: observeTransport(transport, parts),
    }),
    invocation: createInvocationLayer(parts, createFlush({ flush: undefined, ...flushOptions })),
    broadcast: createBroadcastLayer(parts),
  };
}

/** For `logs({ fields: traceFields })`: the trace that a line belongs to. Nothing outside of one. */
export function traceFields(): { readonly traceId?: string; readonly spanId?: string } {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined || !isSpanContextValid(span)
    ? {}
    : { traceId: span.traceId, spanId: span.spanId };
}
