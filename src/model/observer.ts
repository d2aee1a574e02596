import type { Contract } from './contract.js';
import type { GatewayEvent } from './events.js';
import type { FunctionContext } from '../base/invocation.js';
import type { SendReport } from './report.js';
import type { BroadcastAudience, ConnectionStore } from './store.js';
import type { Transport } from './transport.js';

/**
 * Stands around what the library does, to measure it or to write it down: `logs()` of `yc-broadcast/logs`,
 * `openTelemetry()` of `yc-broadcast/opentelemetry`, or your own. Every method is optional; those that are
 * given `next` call it exactly once and give back what it gives, or reject as it does.
 */
export interface Observer {
  /**
   * Gives back stores and transports that tell what is done with them. Called once for each app and
   * broadcaster.
   */
  parts?(parts: ObservedDeps): ObservedDeps;
  /** Around one call of the handler, whatever its event; outside of all middlewares. */
  invocation?<R extends InvocationAnswer>(call: Invocation, next: () => Promise<R>): Promise<R>;
  /**
   * Around one broadcast, from its listing to its report; or around its dispatch, when `send` hands it to
   * workers.
   */
  broadcast?<R extends SendReport>(start: BroadcastStart, next: () => Promise<R>): Promise<R>;
}

/** What an observer can stand around. */
export interface ObservedDeps {
  readonly store: ConnectionStore;
  readonly transport: Transport;
}

/** One call of an app's handler. */
export interface Invocation {
  readonly event: GatewayEvent;
  readonly context: FunctionContext;
  /** The app's; tells which types of messages there are. */
  readonly contract: Contract | undefined;
}

/** What a handler gives back, as far as it says how a call went. */
export interface InvocationAnswer {
  readonly statusCode: number;
  readonly body?: string;
}

/** A broadcast that begins. */
export interface BroadcastStart {
  readonly audience: BroadcastAudience;
  /** The call of the function that it belongs to, if any. */
  readonly context: FunctionContext | undefined;
}

type Layer<C, R> = ((call: C, next: () => Promise<R>) => Promise<R>) | undefined;

/** Calls `innermost` with layers around it; the first one is the outermost. */
export function through<C, R>(
  layers: readonly Layer<C, R>[],
  call: C,
  innermost: () => Promise<R>,
): Promise<R> {
  const outermost = layers.reduceRight<() => Promise<R>>(
    (next, layer) => (layer === undefined ? next : async () => layer(call, next)),
    innermost,
  );
  return outermost();
}
