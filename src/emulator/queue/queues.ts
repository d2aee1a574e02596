/** The queues of a gateway, by their names and addresses. */
import type { Clock } from '../clock.js';
import { stableId } from '../ids.js';
import type { Timeline } from '../timeline/timeline.js';
import { DEFAULT_RETENTION_MS, DEFAULT_VISIBILITY_MS, MAX_MESSAGE_BYTES, NAME_REST_MS } from './limits.js';
import { createQueue } from './queue.js';
import type { Queue, QueueSettings } from './queue-api.js';
import { QueueError } from './queue-error.js';
import type { ReceivedMessage } from './trigger-event.js';

export interface Queues {
  readonly cloudId: string;
  readonly folderId: string;
  create(name: string, settings: Partial<QueueSettings>): Queue;
  /** Throws the platform's refusal when there is none. */
  named(name: string): Queue;
  /** @param url An address with any host. */
  at(url: string): Queue;
  withArn(arn: string): Queue | undefined;
  remove(queue: Queue): void;
  all(): readonly Queue[];
}

/** @param project Whose queues they are: the same has the same addresses at each start. */
export function createQueues(clock: Clock, timeline: Timeline, folderId: string, project: string): Queues {
  const cloudId = stableId('b1g', project);
  const queues = new Map<string, Queue>();
  const deletedAt = new Map<string, number>();

  function find(holds: (queue: Queue) => boolean): Queue | undefined {
    return [...queues.values()].find(holds);
  }

  function checkNameIsFree(name: string): void {
    const restsUntil = (deletedAt.get(name) ?? -Infinity) + NAME_REST_MS;
    if (clock.now() < restsUntil) {
      throw new QueueError('QueueDeletedRecently', `a queue '${name}' was deleted less than 60 seconds ago`);
    }
  }

  return {
    cloudId,
    folderId,
    create(name, settings) {
      checkNameIsFree(name);
      const id = stableId('dj6', `${project}#${name}`);
      const identity = {
        name,
        arn: `yrn:yc:ymq:ru-central1:${folderId}:${name}`,
        path: `/${cloudId}/${id}/${name}`,
      };
      const queue = createQueue(identity, { ...defaults(), ...settings }, clock, {
        onDeadLetter: (from, message, to) => {
          logDeadLetter(timeline, from, message, to);
        },
      });
      queues.set(name, queue);
      return queue;
    },
    named(name) {
      const queue = queues.get(name);
      if (queue === undefined) throw nonExistent(`there is no queue '${name}'`);
      return queue;
    },
    at(url) {
      // Who has noted an address of another start, or of the cloud, means the queue with this name.
      const name = (URL.canParse(url) ? new URL(url).pathname : url).split('/').at(-1) ?? '';
      const queue = queues.get(name);
      if (queue === undefined) throw nonExistent('there is no queue at this address');
      return queue;
    },
    withArn: (arn) => find((one) => one.arn === arn),
    remove({ name }) {
      queues.delete(name);
      deletedAt.set(name, clock.now());
    },
    all: () => [...queues.values()],
  };
}

function defaults(): QueueSettings {
  return {
    visibilityMs: DEFAULT_VISIBILITY_MS,
    delayMs: 0,
    retentionMs: DEFAULT_RETENTION_MS,
    waitMs: 0,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    redrive: undefined,
  };
}

function nonExistent(message: string): QueueError {
  return new QueueError('NonExistentQueue', message);
}

function logDeadLetter(timeline: Timeline, from: Queue, { receiveCount }: ReceivedMessage, to: Queue): void {
  timeline.add({
    type: 'queue',
    queue: from.name,
    messages: 1,
    reason: `received ${receiveCount} times and not deleted; moved to '${to.name}'`,
    level: 'warning',
  });
}
