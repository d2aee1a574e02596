import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { createBroadcaster, type Observer } from 'yc-broadcast';
import { logs } from 'yc-broadcast/logs';
import { openTelemetry, type OpenTelemetryOptions } from 'yc-broadcast/opentelemetry';
import { PAYLOAD } from '../target.js';
import type { Engine } from './variants.js';

/**
 * The broadcaster with somebody who watches. Everything is kept and nothing is exported: that costs what it
 * costs elsewhere.
 */
export const OBSERVED: Readonly<Record<string, Engine>> = {
  logs: broadcasting(() => logs({ write: () => undefined })),
  telemetry: broadcasting(() => telemetry({})),
  'telemetry-spans': broadcasting(() => telemetry({ sendSpans: 'all', maxSendSpans: 1e9 })),
};

function broadcasting(observer: () => Observer): Engine {
  return async (store, transport) => {
    const broadcaster = createBroadcaster({ store, transport, observe: [observer()] });
    return (await broadcaster.to('bench').sendRaw(PAYLOAD)).delivered;
  };
}

/** Reads when it is asked to, which is never. */
class IdleReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Takes spans and says nothing: nobody waits for it. */
const nowhere: SpanExporter = { export: () => undefined, shutdown: () => Promise.resolve() };

function telemetry(options: OpenTelemetryOptions): Observer {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return openTelemetry({
    tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(nowhere)] }),
    meterProvider: new MeterProvider({ readers: [new IdleReader()] }),
    ...options,
  });
}
