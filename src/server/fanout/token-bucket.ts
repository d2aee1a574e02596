/** Limits a rate: every send takes a token, and tokens come back with time. */
export interface TokenBucket {
  available(): boolean;
  spend(): void;
  waitMs(): number;
}

const UNLIMITED: TokenBucket = { available: () => true, spend: () => undefined, waitMs: () => 0 };

/**
 * Holds the tokens of a tenth of a second, so that a limit per second does not become a burst at the start of
 * each.
 */
export function createTokenBucket(perSecond: number | undefined): TokenBucket {
  return perSecond === undefined ? UNLIMITED : createLimitedBucket(perSecond);
}

function createLimitedBucket(perSecond: number): TokenBucket {
  const capacity = Math.max(1, perSecond / 10);
  let tokens = capacity;
  let filledAt = performance.now();

  function refill(): void {
    const now = performance.now();
    tokens = Math.min(capacity, tokens + ((now - filledAt) * perSecond) / 1000);
    filledAt = now;
  }

  return {
    available() {
      refill();
      return tokens >= 1;
    },
    spend() {
      tokens--;
    },
    waitMs() {
      refill();
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond);
    },
  };
}
