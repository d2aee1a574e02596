import { SpanKind } from '@opentelemetry/api';
import { BroadcastError } from '../../base/errors.js';
import type { Transport } from '../../model/transport.js';
import { withMethods } from '../observed-methods.js';
import { currentBroadcast, SEND, type RunningBroadcast } from './broadcast.js';
import { ATTRIBUTES, MESSAGING_SYSTEM, OWN_ATTRIBUTES } from './names.js';
import { defined, markFailed, type TelemetryDeps } from './parts.js';

const A = { ...ATTRIBUTES, ...OWN_ATTRIBUTES };

const OPERATIONS = {
  send: SEND,
  get: { [A.messagingSystem]: MESSAGING_SYSTEM, [A.messagingOperation]: 'get' },
  disconnect: { [A.messagingSystem]: MESSAGING_SYSTEM, [A.messagingOperation]: 'disconnect' },
} as const;
type Operation = keyof typeof OPERATIONS;

/** Unix milliseconds of the beginning; how long it took, in milliseconds; and why it failed, if it did. */
interface Attempt {
  readonly operation: Operation;
  readonly connectionId: string;
  readonly beganAt: number;
  readonly tookMs: number;
  readonly code: string | undefined;
}

/**
 * Measures every attempt at the gateway. Spans are made when an attempt is over and worth one, so that those
 * which are not cost two clock readings and a measurement.
 */
export function observeTransport(transport: Transport, parts: TelemetryDeps): Transport {
  const { tracer, instruments, ids, sendSpans } = parts;
  /** Attributes by operation and code, as few as there are. */
  const known = new Map<string, Record<string, string>>();

  function attributesOf(operation: Operation, code: string | undefined): Record<string, string> {
    const key = `${operation} ${code ?? ''}`;
    let attributes = known.get(key);
    if (attributes === undefined) {
      attributes = { ...OPERATIONS[operation], ...(code === undefined ? {} : { [A.errorType]: code }) };
      known.set(key, attributes);
    }
    return attributes;
  }

  function over(attempt: Attempt): void {
    const { operation, code, tookMs } = attempt;
    instruments().gatewayDuration.record(tookMs / 1000, attributesOf(operation, code));
    if (sendSpans !== 'none') spanFor(attempt, operation === 'send' ? currentBroadcast() : undefined);
  }

  function spanFor(attempt: Attempt, broadcast: RunningBroadcast | undefined): void {
    const { connectionId, code } = attempt;
    const failedBefore = broadcast?.failed.get(connectionId) ?? 0;
    if (code !== undefined) broadcast?.failed.set(connectionId, failedBefore + 1);
    // A stale connection is no trouble.
    const isTrouble = failedBefore > 0 || (code !== undefined && code !== 'CONNECTION_STALE');
    if (broadcast !== undefined) {
      if ((sendSpans === 'failed' && !isTrouble) || broadcast.spansLeft <= 0) return;
      broadcast.spansLeft--;
    }
    writeSpan(attempt, failedBefore + 1);
  }

  function writeSpan({ operation, connectionId, beganAt, tookMs, code }: Attempt, number: number): void {
    const span = tracer().startSpan(operation, {
      kind: SpanKind.CLIENT,
      startTime: beganAt,
      attributes: {
        ...attributesOf(operation, code),
        ...defined({
          [A.connectionHash]: ids.hash(connectionId),
          [A.attempt]: operation === 'send' ? number : undefined,
        }),
      },
    });
    if (code !== undefined && code !== 'CONNECTION_STALE') markFailed(span, code);
    span.end(beganAt + tookMs);
  }

  return withMethods(transport, Object.keys(OPERATIONS), (name, [id], run) => {
    const [operation, connectionId] = [name as Operation, id as string];
    const beganAt = Date.now();
    const startedAt = performance.now();
    const end = (code: string | undefined): void => {
      over({ operation, connectionId, beganAt, tookMs: performance.now() - startedAt, code });
    };
    // Plain `then` makes fewer promises than `async` does, and each costs where contexts are followed.
    return run().then(
      (result) => {
        end(undefined);
        return result;
      },
      (reason: unknown) => {
        end(BroadcastError.from(reason).code);
        throw reason;
      },
    );
  });
}
