import { PACKETS_PER_SEND, PLATFORM } from './platform-figures.js';

const MILLION = 1_000_000;

export interface SendsCost {
  readonly memoryMb: number;
  readonly sendsPerSecond: number;
  readonly isLimitedByPackets: boolean;
  /** Of one instance, for all of them. */
  readonly seconds: number;
  readonly gbHours: number;
  readonly usd: number;
}

/**
 * What sends take on one instance whose core spends so much time on each, without the free part of a month.
 *
 * @param leastSeconds How long they take at least, whatever the core and its packets could do.
 */
export function costOfSends(
  sends: number,
  cpuMicrosPerSend: number,
  memoryMb: number,
  leastSeconds = 0,
): SendsCost {
  const byCpu = ((memoryMb / PLATFORM.mbOfFullCore) * MILLION) / cpuMicrosPerSend;
  const byPackets = PLATFORM.packetsPerSecond / PACKETS_PER_SEND;
  const sendsPerSecond = Math.min(byCpu, byPackets);
  const seconds = Math.max(sends / sendsPerSecond, leastSeconds);
  const calls = Math.max(1, Math.ceil(seconds / PLATFORM.longestCallSeconds));
  return {
    memoryMb,
    sendsPerSecond,
    isLimitedByPackets: byPackets < byCpu,
    seconds,
    gbHours: gbHoursOf(memoryMb, seconds),
    usd: usdOf(memoryMb, seconds, calls),
  };
}

export function gbHoursOf(memoryMb: number, seconds: number): number {
  return ((memoryMb / 1024) * seconds) / 3600;
}

/** Of calls that take so long in all. */
export function usdOf(memoryMb: number, seconds: number, calls: number): number {
  return (
    gbHoursOf(memoryMb, seconds) * PLATFORM.usdPerGbHour + (calls / MILLION) * PLATFORM.usdPerMillionCalls
  );
}
