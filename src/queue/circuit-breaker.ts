import { BroadcastError, type ErrorCode } from '../base/errors.js';
import type { Transport } from '../model/transport.js';

/**
 * So many refusals with no acceptance among them: the gateway is asking for more patience than retries have.
 */
const STORM_REFUSALS = 50;

export interface StormWatch {
  readonly transport: Pick<Transport, 'send'>;
  /** What the gateway said, once there is a storm. */
  storm(): BroadcastError | undefined;
  /** The longest pause that the gateway asked for, in milliseconds. */
  retryAfterMs(): number;
}

/** Watches what the gateway says to sends, and tells once when it refuses all of them. */
export function createStormWatch(inner: Pick<Transport, 'send'>, onStorm: () => void): StormWatch {
  let refusals = 0;
  let storm: BroadcastError | undefined;
  let askedMs = 0;

  function refused(refusal: BroadcastError): void {
    refusals++;
    askedMs = Math.max(askedMs, refusal.retryAfterMs ?? 0);
    if (refusals < STORM_REFUSALS || storm !== undefined) return;
    storm = refusal;
    onStorm();
  }

  return {
    transport: {
      async send(...call) {
        try {
          await inner.send(...call);
          refusals = 0;
        } catch (reason) {
          if (isRefusal(BroadcastError.from(reason).code)) refused(BroadcastError.from(reason));
          throw reason;
        }
      },
    },
    storm: () => storm,
    retryAfterMs: () => askedMs,
  };
}

/** Whether the gateway said that it does not take the message now, so that it may take it later. */
export function isRefusal(code: ErrorCode): boolean {
  return code === 'RATE_LIMITED' || code === 'GATEWAY_UNAVAILABLE' || isAboutAccess(code);
}

/**
 * A missing role or token: somebody has to do something, and until then nobody in the audience can be
 * reached.
 */
export function isAboutAccess(code: ErrorCode): boolean {
  return code === 'FORBIDDEN' || code === 'UNAUTHENTICATED';
}
