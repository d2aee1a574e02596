/** What the platform's documentation says, and when. Money only where its page gives a current price. */
export const PLATFORM = {
  /**
   * Of functions, in US dollars without VAT: the pricing page of 2026. The first 10 GB-hours and million
   * calls are free.
   */
  usdPerGbHour: 0.0531,
  usdPerMillionCalls: 0.1555,
  /** A call is rounded up to it. */
  billedMs: 100,
  /** Below 2 GB a function has one core, of which it is guaranteed a share that grows with its memory. */
  mbOfFullCore: 2048,
  packetsPerSecond: 10_000,
  longestCallSeconds: 600,
} as const;

/** Measured here: packets in both directions, whichever the client. */
export const PACKETS_PER_SEND = 2.35;
