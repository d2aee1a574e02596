import { metrics, type Counter, type Histogram, type MeterProvider } from '@opentelemetry/api';
import { DURATION_BOUNDS, METRICS, type MetricDescription } from './names.js';

/** The scope under which spans and metrics are found. */
export const SCOPE = 'yc-broadcast';

type Names = keyof typeof METRICS;
export type Instruments = {
  readonly [N in Names]: (typeof METRICS)[N]['kind'] extends 'counter' ? Counter : Histogram;
};

/**
 * Makes what measures. Not before the first call: what is made before a provider is registered measures
 * nothing, ever.
 */
export function createInstruments(provider: MeterProvider | undefined): Instruments {
  const meter = (provider ?? metrics.getMeterProvider()).getMeter(SCOPE);

  function make({ name, kind, unit, description }: MetricDescription): Counter | Histogram {
    if (kind === 'counter') return meter.createCounter(name, { unit, description });
    return meter.createHistogram(name, {
      unit,
      description,
      advice: { explicitBucketBoundaries: DURATION_BOUNDS },
    });
  }

  const made = Object.entries<MetricDescription>(METRICS).map(([key, metric]) => [key, make(metric)]);
  return Object.fromEntries(made) as Instruments;
}
