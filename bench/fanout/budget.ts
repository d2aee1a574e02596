import { setTimeout as wait } from 'node:timers/promises';
import type { Transport } from 'yc-broadcast';

/** What an instance may use, as the platform would limit it. */
export interface InstanceBudget {
  readonly packetsPerSecond: number;
  readonly packetsPerSend: number;
  /** Of a core, 0 to 1. */
  readonly cpuShare: number;
  readonly cpuMicrosPerSend: number;
  /**
   * So much of a pause is made up for afterwards, in milliseconds: what is limited is a rate, not a distance.
   */
  readonly savedMs: number;
}

/**
 * A transport that sends no faster than the budget of an instance allows: each send waits until the packets
 * and the share of the core are there for it. Only the waiting is simulated; that the machine has fewer cores
 * than there are instances does not matter as long as it is not busy.
 */
export function withinBudget(transport: Transport, budget: InstanceBudget): Transport {
  const { packetsPerSecond, packetsPerSend, cpuShare, cpuMicrosPerSend, savedMs } = budget;
  const everyMs = Math.max((packetsPerSend * 1000) / packetsPerSecond, cpuMicrosPerSend / 1000 / cpuShare);
  let nextAt = -Infinity;

  return {
    ...transport,
    async send(...call) {
      const now = performance.now();
      const at = Math.max(now, nextAt);
      nextAt = Math.max(nextAt, at - savedMs) + everyMs;
      if (at - now >= 1) await wait(at - now);
      return transport.send(...call);
    },
  };
}
