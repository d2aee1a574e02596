import {
  context,
  createContextKey,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { IdHasher } from '../hash.js';
import type { Instruments } from './instruments.js';
import { ATTRIBUTES as A } from './names.js';

/** What everything that measures shares. */
export interface TelemetryDeps {
  readonly tracer: () => Tracer;
  readonly instruments: () => Instruments;
  readonly ids: IdHasher;
  readonly sendSpans: 'none' | 'failed' | 'all';
  readonly maxSendSpans: number;
}

/** What is known of the call under way where the store is asked. */
export interface RunningInvocation {
  readonly span: Span;
  readonly connectionId: string | undefined;
}

const INVOCATION = createContextKey('yc-broadcast invocation');

export function withInvocation(invocation: RunningInvocation): Context {
  return trace.setSpan(context.active(), invocation.span).setValue(INVOCATION, invocation);
}

export function currentInvocation(): RunningInvocation | undefined {
  return context.active().getValue(INVOCATION) as RunningInvocation | undefined;
}

/** Marks a span as failed. The code is all that is told: messages may hold what people wrote. */
export function markFailed(span: Span, code: string): void {
  span.setAttribute(A.errorType, code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** Attributes that have a value. */
export function defined(
  attributes: Readonly<Record<string, string | number | boolean | undefined>>,
): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

export function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
