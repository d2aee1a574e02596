import { abortedError, BroadcastError } from '../../base/errors.js';
import { MAX_SEND_BYTES } from '../../base/protocol.js';
import type { AttemptOptions, ConnectionInfo, Payload, Transport } from '../../model/transport.js';
import { checkConnectionId, checkSize } from '../../transports/payload-limits.js';
import type { FaultTable } from '../../emulator/faults/table.js';
import type { KitFrame } from './inbox.js';
import { strikeSend } from './kit-faults.js';

/** What the transport needs of the gateway. */
export interface KitSwitchboard {
  readonly decide: FaultTable['decide'];
  /** Puts a frame on a socket; `false` when there is no such connection. */
  deliver(connectionId: string, frame: KitFrame): boolean;
  infoOf(connectionId: string): ConnectionInfo | undefined;
  /** Which paths it was opened on, for faults; `undefined` when there is no such connection. */
  placeOf(connectionId: string): { readonly path: string; readonly template: string } | undefined;
  /** Closes a socket as `Disconnect` does; `false` when there is no such connection. */
  disconnect(connectionId: string): boolean;
  /** Cuts a socket as a broken network does, if there is one. */
  cut(connectionId: string): void;
  isShut(): boolean;
}

export interface KitTransport extends Transport {
  /** Attempts that have not ended. */
  underWay(): number;
}

/** Reaches the connections of a test kit in memory, by the rules that every transport keeps. */
export function kitTransport(gateway: KitSwitchboard): KitTransport {
  const closing = new AbortController();
  let underWay = 0;

  /** Runs one call as if it went over a wire: never within the caller's own turn, and not after the end. */
  async function attempt<T>(
    connectionId: string,
    { signal }: AttemptOptions,
    call: () => T | Promise<T>,
  ): Promise<T> {
    underWay++;
    try {
      checkConnectionId(connectionId);
      if (closing.signal.aborted) throw new BroadcastError('INVALID_OPTIONS', 'the transport was closed');
      if (signal?.aborted === true) throw abortedError();
      await Promise.resolve();
      if (gateway.isShut()) throw new BroadcastError('GATEWAY_UNAVAILABLE', 'the test kit was closed');
      return await call();
    } finally {
      underWay--;
    }
  }

  return {
    name: 'test kit',
    maxPayloadBytes: MAX_SEND_BYTES,
    encode(payload) {
      const frame = frameOf(payload);
      const bytes = Buffer.byteLength(frame);
      checkSize(bytes, MAX_SEND_BYTES);
      return { bytes, wire: frame };
    },
    send: (connectionId, { wire }, options) =>
      attempt(connectionId, options, async () => {
        const deliver = (): void => {
          if (!gateway.deliver(connectionId, wire as KitFrame)) throw unknown(connectionId);
        };
        const cut = (): void => {
          gateway.cut(connectionId);
        };
        const struck = gateway.decide('send', { connectionId, ...gateway.placeOf(connectionId) });
        if (struck === undefined) deliver();
        else await strikeSend(struck.fault, { deliver, cut }, options, closing.signal);
      }),
    get: (connectionId, options) =>
      attempt(connectionId, options, () => gateway.infoOf(connectionId) ?? fail(unknown(connectionId))),
    disconnect: (connectionId, options) =>
      attempt(connectionId, options, () => {
        if (!gateway.disconnect(connectionId)) throw unknown(connectionId);
      }),
    async close() {
      closing.abort();
    },
    underWay: () => underWay,
  };
}

/** A copy, since what travels over a wire does not change any more when the sender's buffer does. */
function frameOf(payload: Payload): KitFrame {
  return typeof payload === 'string' ? payload : Buffer.from(payload);
}

function fail(error: BroadcastError): never {
  throw error;
}

function unknown(connectionId: string): BroadcastError {
  return new BroadcastError(
    'CONNECTION_STALE',
    `the gateway answered 404: Connection ${connectionId} not found`,
  );
}
