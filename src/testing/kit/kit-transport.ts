import { BroadcastError } from '../../errors.js';
import { MAX_SEND_BYTES } from '../../protocol.js';
import type { AttemptOptions, ConnectionInfo, Payload, Transport } from '../../transport.js';
import { abortedError, codeOfHttpStatus } from '../../transports/outcome.js';
import { checkConnectionId, checkSize } from '../../transports/rest.js';
import type { Fault, FaultTable } from '../../emulator/faults.js';
import type { Frame } from './inbox.js';

/** What the transport needs of the gateway. */
export interface KitSwitchboard {
  readonly faults: FaultTable;
  /** Puts a frame on a socket; `false` when there is no such connection. */
  deliver(connectionId: string, frame: Frame): boolean;
  infoOf(connectionId: string): ConnectionInfo | undefined;
  /** Closes a socket as `Disconnect` does; `false` when there is no such connection. */
  disconnect(connectionId: string): boolean;
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
        const fault = gateway.faults.take(connectionId);
        if (fault !== undefined) await strike(fault, options, closing.signal);
        if (!gateway.deliver(connectionId, wire as Frame)) throw unknown(connectionId);
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
function frameOf(payload: Payload): Frame {
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

/** Fails as the fault says. A `hang` takes as long as the attempt may. */
async function strike(fault: Fault, options: AttemptOptions, closing: AbortSignal): Promise<never> {
  if (fault.status === 'reset')
    throw new BroadcastError('NO_ANSWER', 'the request was cut off, as was asked for');
  if (fault.status === 'hang') throw await silence(options, closing);
  throw new BroadcastError(
    codeOfHttpStatus(fault.status),
    `the gateway answered ${fault.status}: a fault that was asked for`,
    fault.retryAfterSeconds === undefined ? {} : { retryAfterMs: fault.retryAfterSeconds * 1000 },
  );
}

/** How an attempt ends that gets no answer: with its time, its signal or the transport. */
function silence({ timeoutMs, signal }: AttemptOptions, closing: AbortSignal): Promise<BroadcastError> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      end(new BroadcastError('NO_ANSWER', `no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const onAbort = (): void => {
      end(abortedError());
    };
    const onClose = (): void => {
      end(new BroadcastError('NO_ANSWER', 'the transport was closed'));
    };
    function end(error: BroadcastError): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      closing.removeEventListener('abort', onClose);
      resolve(error);
    }
    signal?.addEventListener('abort', onAbort);
    closing.addEventListener('abort', onClose);
  });
}
