import type { QueueCounts } from '../queue/queue-api.js';
import type { Endpoint } from './endpoint.js';

/** A queue of the local gateway, and how full it is. */
export interface QueueRow extends QueueCounts {
  readonly name: string;
  /** What reads it: the file of a function, `function`, or the path of sockets. */
  readonly trigger: string | undefined;
}

/** Queues of the local gateway, as its control API lists them. */
export interface QueuePage {
  readonly queues: readonly QueueRow[];
}

export const listQueues: Endpoint = {
  method: 'GET',
  path: 'queues',
  run({ messageQueues }): QueuePage {
    const triggers = new Map(messageQueues.triggers.map(({ queue, target }) => [queue, target]));
    const rows = messageQueues
      .all()
      .map(({ name, counts }) => ({ name, trigger: triggers.get(name), ...counts() }));
    return { queues: rows };
  },
};
