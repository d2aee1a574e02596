/** What the gateway as a whole is doing, and its clock. */
import * as z from 'zod';
import { parseOptions } from '../../base/options.js';
import { ControlError } from './control-error.js';
import type { Endpoint } from './endpoint.js';

/** The local gateway in figures, as its control API tells them. */
export interface Status {
  /** Unix milliseconds, by the gateway's clock. */
  readonly now: number;
  readonly clock: 'system' | 'manual';
  readonly paths: readonly string[];
  readonly connections: number;
  readonly rooms: number;
  readonly broadcasts: number;
  readonly queues: number;
  readonly instances: number;
  readonly faults: number;
  /** Handshakes and function calls that have not ended. */
  readonly underWay: number;
  /** Number of the latest entry of the timeline. */
  readonly latest: number;
  /** Of the process, in bytes. */
  readonly memoryBytes: number;
}

export const showStatus: Endpoint = {
  method: 'GET',
  path: 'status',
  run({
    gateway,
    rooms,
    broadcasts,
    messageQueues,
    instances,
    faults,
    clock,
    advance,
    routes,
    timeline,
  }): Status {
    return {
      now: clock.now(),
      clock: advance === undefined ? 'system' : 'manual',
      paths: routes.map(({ pattern }) => pattern.template),
      connections: gateway.connections.size,
      rooms: rooms.names().length,
      broadcasts: broadcasts.list().length,
      queues: messageQueues.all().length,
      instances: instances.list().length,
      faults: faults.list().length,
      underWay: gateway.underWay(),
      latest: timeline.latest,
      memoryBytes: process.memoryUsage.rss(),
    };
  },
};

const clockSchema = z.strictObject({ advance: z.union([z.number(), z.string()]) });

export const moveClock: Endpoint = {
  method: 'POST',
  path: 'clock',
  async run({ advance, clock }, { body }) {
    const { advance: duration } = parseOptions(clockSchema, body ?? {}, 'clock');
    if (advance === undefined)
      throw new ControlError(409, "the clock is the machine's clock, which cannot be moved");
    await advance(duration);
    return { now: clock.now() };
  },
};
