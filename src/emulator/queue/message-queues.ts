/**
 * Message Queue in a gateway: its queues, the server that answers for them, and the triggers that read them.
 */
import { BroadcastError } from '../../base/errors.js';
import type { IncomingRequest, HttpResponse } from '../http/exchange.js';
import type { InstanceEnvironment } from '../instances/environment.js';
import type { ParsedEmulatorOptions } from '../options.js';
import { localQueue, withQueues, type LocalQueue } from './access.js';
import type { Queue } from './queue-api.js';
import { createQueues, type Queues } from './queues.js';
import { createQueueServer } from './server.js';
import { createTriggers, type TriggersDeps, type TriggerSummary } from './triggers.js';

export interface MessageQueues {
  /** Answers a request that is for it; `false` when it is not. */
  answer(request: IncomingRequest, response: HttpResponse): boolean;
  /** Those that are there now; clients can make more. */
  list(port: number): readonly LocalQueue[];
  all(): readonly Queue[];
  readonly triggers: readonly TriggerSummary[];
  withEnvironment(environment: InstanceEnvironment, port: number): InstanceEnvironment;
  /** To be called when functions run: from then on triggers read. */
  start(): void;
  stop(): void;
}

export interface MessageQueuesDeps extends Omit<TriggersDeps, 'queues' | 'options'> {
  readonly options: ParsedEmulatorOptions;
  readonly folderId: string;
}

export function createMessageQueues(parts: MessageQueuesDeps): MessageQueues {
  const { options, clock, timeline, folderId } = parts;
  const { accessKeyId } = options;
  const queues = createQueues(clock, timeline, folderId, process.cwd());
  openQueues(queues, options.queues);
  const server = createQueueServer({ queues, clock, timeline, accessKeyId });
  const triggers = createTriggers({ ...parts, queues });
  const list = (port: number): LocalQueue[] =>
    queues.all().map((queue) => localQueue(queue, port, accessKeyId));
  return {
    answer: server.answer,
    list,
    all: queues.all,
    triggers: triggers.summaries,
    withEnvironment: (environment, port) => withQueues(environment, list(port)),
    start: triggers.start,
    stop: triggers.stop,
  };
}

function openQueues(queues: Queues, given: ParsedEmulatorOptions['queues']): void {
  for (const [name, { redrive: _, ...settings }] of Object.entries(given)) queues.create(name, settings);
  for (const [name, { redrive }] of Object.entries(given)) {
    if (redrive === undefined) continue;
    const to = queues.all().find((queue) => queue.name === redrive.to);
    if (to === undefined || to.name === name) {
      const place = `startEmulator.queues.${name}.redrive.to`;
      throw new BroadcastError('INVALID_OPTIONS', `${place}: there is no other queue '${redrive.to}'`);
    }
    queues.named(name).settings.redrive = { to, maxReceives: redrive.maxReceives };
  }
}
