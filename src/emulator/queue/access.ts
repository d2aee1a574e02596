import { BroadcastError } from '../../base/errors.js';
import { urlVariable } from '../../queue/client/options.js';
import type { InstanceEnvironment } from '../instances/environment.js';
import type { Queue, QueueCounts } from './queue-api.js';
import type { ReceivedMessage } from './trigger-event.js';

/** How to reach a queue of a gateway: options for `messageQueue`. */
export interface LocalQueueAccess {
  readonly url: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A queue of a gateway, for tests and for clients. */
export interface LocalQueue {
  readonly name: string;
  readonly access: LocalQueueAccess;
  counts(): QueueCounts;
  /** Everything that is in it, received or not, the oldest first. */
  messages(): readonly ReceivedMessage[];
}

export function localQueue(
  { name, path, counts, messages }: Queue,
  port: number,
  accessKeyId = 'local',
): LocalQueue {
  const credentials = { accessKeyId, secretAccessKey: 'local' };
  return { name, access: { url: `http://127.0.0.1:${port}${path}`, credentials }, counts, messages };
}

/** The queue of a name. Throws `INVALID_OPTIONS` that lists the names when there is none. */
export function queueNamed(queues: readonly LocalQueue[], name: string): LocalQueue {
  const found = queues.find((queue) => queue.name === name);
  if (found !== undefined) return found;
  const known =
    queues.length === 0 ? 'there are none' : `there are ${queues.map((one) => one.name).join(', ')}`;
  throw new BroadcastError('INVALID_OPTIONS', `queue: no '${name}'; ${known}`);
}

/** Variables with which `messageQueue()` finds the first queue, and `messageQueue({ name })` each. */
export function queueVariables(queues: readonly LocalQueue[]): Record<string, string> {
  const [first] = queues;
  if (first === undefined) return {};
  const { url, credentials } = first.access;
  return {
    [urlVariable(undefined)]: url,
    ...Object.fromEntries(queues.map(({ name, access }) => [urlVariable(name), access.url])),
    YC_BROADCAST_QUEUE_ACCESS_KEY_ID: credentials.accessKeyId,
    YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

export function withQueues(
  environment: InstanceEnvironment,
  queues: readonly LocalQueue[],
): InstanceEnvironment {
  return { ...environment, env: { ...environment.env, ...queueVariables(queues) } };
}
