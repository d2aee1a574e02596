import type { Chance, Latency } from './chance.js';
import type { FanoutQuota, InstanceQuota } from './scenario.js';
import { createSlots } from './slots.js';

/** An instance of the function: so many sends under way, so much of a core, so many packets a second. */
export interface Instance {
  /** Sends to some of a page from `startMs` on, beginning none at `endMs` or later. */
  send(count: number, startMs: number, endMs: number): Sent;
}

export interface Sent {
  readonly sends: number;
  /** When the first and the last one were answered; `startMs` when there was none. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface InstanceDeps {
  readonly quota: InstanceQuota;
  readonly window: FanoutQuota['window'];
  readonly latency: Latency;
  readonly chance: Chance;
}

export function createInstance({ quota, window, latency, chance }: InstanceDeps): Instance {
  const { cpuMicrosPerSend, cpuShare, packetsPerSend, packetsPerSecond, savedMs } = quota;
  const cpuMs = cpuMicrosPerSend / 1000 / cpuShare;
  const packetsMs = (packetsPerSend * 1000) / packetsPerSecond;
  const slots = createSlots(window);
  let cpuFreeAt = -Infinity;
  let packetsFreeAt = -Infinity;

  return {
    send(count, startMs, endMs) {
      slots.free(startMs);
      let [sends, firstMs, lastMs] = [0, Infinity, startMs];
      for (; sends < count; sends++) {
        const at = Math.max(slots.nextAt(), cpuFreeAt, packetsFreeAt);
        if (at >= endMs) break;
        cpuFreeAt = Math.max(cpuFreeAt, at - savedMs) + cpuMs;
        packetsFreeAt = Math.max(packetsFreeAt, at - savedMs) + packetsMs;
        const answeredAt = at + cpuMs + chance.latencyMs(latency);
        slots.occupy(answeredAt);
        firstMs = Math.min(firstMs, answeredAt);
        lastMs = Math.max(lastMs, answeredAt);
      }
      return { sends, firstMs: sends === 0 ? startMs : firstMs, lastMs };
    },
  };
}
