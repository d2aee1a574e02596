/** OpenTelemetry in memory: what was traced and measured, to be looked at. */
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type DataPoint,
  type Histogram,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

export type Point = DataPoint<number> | DataPoint<Histogram>;

export interface Telemetry {
  readonly tracerProvider: BasicTracerProvider;
  readonly meterProvider: MeterProvider;
  /** Those that have ended, in that order. */
  spans(): readonly ReadableSpan[];
  /** The names of a span and of those around it, the innermost first. */
  path(span: ReadableSpan): string[];
  /** The data points of each metric. */
  points(): Promise<ReadonlyMap<string, readonly Point[]>>;
  /** Everything as one text, to look for what must not be there. */
  everything(): Promise<string>;
  reset(): void;
  shutdown(): Promise<void>;
}

export function startTelemetry(): Telemetry {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 2 ** 30,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  trace.setGlobalTracerProvider(tracerProvider);

  const spans = (): readonly ReadableSpan[] => spanExporter.getFinishedSpans();

  function path(span: ReadableSpan): string[] {
    const parent = spans().find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId);
    return [span.name, ...(parent === undefined ? [] : path(parent))];
  }

  async function points(): Promise<ReadonlyMap<string, readonly Point[]>> {
    metricExporter.reset();
    await reader.forceFlush();
    const found = new Map<string, Point[]>();
    for (const { scopeMetrics } of metricExporter.getMetrics()) {
      for (const { metrics } of scopeMetrics)
        for (const { descriptor, dataPoints } of metrics) found.set(descriptor.name, dataPoints as Point[]);
    }
    return found;
  }

  return {
    tracerProvider,
    meterProvider,
    spans,
    path,
    points,
    async everything() {
      const traced = spans().map(({ name, attributes, events, status, links }) => ({
        name,
        attributes,
        events,
        status,
        links,
      }));
      const measured = [...(await points())].map(([name, list]) => [
        name,
        list.map((point) => point.attributes),
      ]);
      return JSON.stringify({ traced, measured });
    },
    reset: () => {
      spanExporter.reset();
    },
    async shutdown() {
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
      context.disable();
      trace.disable();
    },
  };
}
