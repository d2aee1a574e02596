/** A transport without a network: a script says what the gateway answers to each attempt. */
import { BroadcastError, type ErrorCode, type Payload, type Transport } from 'yc-broadcast';
import type { EncodedPayload } from 'yc-broadcast/transports';

/** `ok`, or the code to fail with; a function may take its time. */
export type Answer = 'ok' | ErrorCode | BroadcastError;
export type Script = (connectionId: string, attempt: number) => Answer | Promise<Answer>;

export interface ScriptedTransport extends Transport {
  /** Payloads that were accepted, by connection, in order. */
  readonly received: ReadonlyMap<string, readonly string[]>;
  /** Attempts by connection. */
  readonly attempts: ReadonlyMap<string, number>;
  readonly encoded: () => number;
  readonly mostUnderWay: () => number;
  readonly timeouts: readonly number[];
  readonly disconnected: readonly string[];
}

export function scriptedTransport(script: Script = () => 'ok', maxPayloadBytes = 98_304): ScriptedTransport {
  const received = new Map<string, string[]>();
  const attempts = new Map<string, number>();
  const timeouts: number[] = [];
  const disconnected: string[] = [];
  let encoded = 0;
  let underWay = 0;
  let most = 0;

  return {
    name: 'scripted',
    maxPayloadBytes,
    received,
    attempts,
    timeouts,
    disconnected,
    encoded: () => encoded,
    mostUnderWay: () => most,
    encode(payload: Payload): EncodedPayload {
      encoded++;
      const wire = Buffer.from(payload);
      if (wire.length > maxPayloadBytes)
        throw new BroadcastError('PAYLOAD_TOO_LARGE', `${wire.length} bytes`);
      return { bytes: wire.length, wire };
    },
    async send(connectionId, { wire }, { timeoutMs }) {
      const attempt = (attempts.get(connectionId) ?? 0) + 1;
      attempts.set(connectionId, attempt);
      timeouts.push(timeoutMs);
      most = Math.max(most, ++underWay);
      try {
        const answer = await script(connectionId, attempt);
        if (answer !== 'ok')
          throw answer instanceof BroadcastError ? answer : new BroadcastError(answer, 'scripted');
        received.set(connectionId, [
          ...(received.get(connectionId) ?? []),
          (wire as Buffer).toString('utf8'),
        ]);
      } finally {
        underWay--;
      }
    },
    get: () => Promise.reject(new BroadcastError('CONNECTION_STALE', 'scripted')),
    async disconnect(connectionId) {
      disconnected.push(connectionId);
    },
    close: () => Promise.resolve(),
  };
}
