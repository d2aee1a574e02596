/** What can be done with queues over the API, whichever protocol it is asked in. */
import { numberIn, textIn, type CheckedFields } from './checks.js';
import {
  MAX_DELAY_SECONDS,
  MAX_MESSAGE_BYTES,
  MAX_RETENTION_SECONDS,
  MAX_VISIBILITY_SECONDS,
  MAX_WAIT_SECONDS,
  MIN_RETENTION_SECONDS,
} from './limits.js';
import type { Queue, QueueSettings, Redrive } from './queue-api.js';
import type { Queues } from './queues.js';
import { invalidValue, QueueError } from './queue-error.js';

/** @param origin Scheme, host and port that the request came to; addresses are given out with it. */
export type QueueAction = (request: CheckedFields, origin: string) => object;

/**
 * Attributes that are numbers, with the setting that each one is, how it is counted there, and its bounds.
 */
const NUMBERS = {
  DelaySeconds: ['delayMs', 1000, [0, MAX_DELAY_SECONDS]],
  MaximumMessageSize: ['maxMessageBytes', 1, [1024, MAX_MESSAGE_BYTES]],
  MessageRetentionPeriod: ['retentionMs', 1000, [MIN_RETENTION_SECONDS, MAX_RETENTION_SECONDS]],
  ReceiveMessageWaitTimeSeconds: ['waitMs', 1000, [0, MAX_WAIT_SECONDS]],
  VisibilityTimeout: ['visibilityMs', 1000, [0, MAX_VISIBILITY_SECONDS]],
} as const;
const NUMBER_NAMES = Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];

export function createQueueActions(queues: Queues): Record<string, QueueAction> {
  const at = (request: CheckedFields): Queue => queues.at(textIn(request, 'QueueUrl'));

  return {
    CreateQueue(request, origin) {
      const name = textIn(request, 'QueueName');
      if (name.endsWith('.fifo')) {
        throw new QueueError('UnsupportedOperation', 'the local gateway does not emulate FIFO queues');
      }
      if (!/^[\w-]{1,80}$/.test(name))
        throw invalidValue('QueueName: up to 80 letters, digits, hyphens, underscores');
      const settings = settingsIn(request, queues);
      const known = queues.all().find((queue) => queue.name === name);
      if (known !== undefined && isOther(known, settings)) {
        throw new QueueError('QueueAlreadyExists', `there is a queue '${name}' with other attributes`);
      }
      return { QueueUrl: origin + (known ?? queues.create(name, settings)).path };
    },
    DeleteQueue(request) {
      queues.remove(at(request));
      return {};
    },
    GetQueueUrl: (request, origin) => ({
      QueueUrl: origin + queues.named(textIn(request, 'QueueName')).path,
    }),
    ListQueues({ QueueNamePrefix: prefix = '' }, origin) {
      const found = queues.all().filter(({ name }) => name.startsWith(String(prefix)));
      return found.length === 0 ? {} : { QueueUrls: found.map(({ path }) => origin + path) };
    },
    GetQueueAttributes(request) {
      const all = attributesOf(at(request));
      const names = Array.isArray(request['AttributeNames']) ? request['AttributeNames'].map(String) : [];
      const unknown = names.find((name) => name !== 'All' && !KNOWN.has(name));
      if (unknown !== undefined)
        throw new QueueError('InvalidAttributeName', `there is no attribute ${unknown}`);
      const shown = Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name));
      return shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) };
    },
    SetQueueAttributes(request) {
      const queue = at(request);
      Object.assign(queue.settings, settingsIn(request, queues));
      return {};
    },
    PurgeQueue(request) {
      at(request).purge();
      return {};
    },
  };
}

const READABLE = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'QueueArn',
];
const KNOWN = new Set<string>([...READABLE, ...NUMBER_NAMES, 'RedrivePolicy']);

function attributesOf(queue: Queue): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const { settings, arn, createdAt } = queue;
  const created = String(Math.floor(createdAt / 1000));
  return {
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    CreatedTimestamp: created,
    LastModifiedTimestamp: created,
    QueueArn: arn,
    ...Object.fromEntries(
      NUMBER_NAMES.map((name) => [name, String(settings[NUMBERS[name][0]] / NUMBERS[name][1])]),
    ),
    ...(settings.redrive === undefined ? {} : { RedrivePolicy: policyOf(settings.redrive) }),
  };
}

function policyOf({ to, maxReceives }: Redrive): string {
  return JSON.stringify({ deadLetterTargetArn: to.arn, maxReceiveCount: maxReceives });
}

function settingsIn({ Attributes: given }: CheckedFields, queues: Queues): Partial<QueueSettings> {
  const attributes = (given ?? {}) as CheckedFields;
  const settings: Partial<QueueSettings> = {};
  for (const name of Object.keys(attributes)) {
    if (name === 'RedrivePolicy') settings.redrive = redriveIn(attributes[name], queues);
    else if (isNumberName(name)) {
      const [setting, factor, bounds] = NUMBERS[name];
      settings[setting] = (numberIn(attributes, name, bounds) ?? 0) * factor;
    } else throw new QueueError('InvalidAttributeName', `there is no attribute ${name}`);
  }
  return settings;
}

function isNumberName(name: string): name is keyof typeof NUMBERS {
  return Object.hasOwn(NUMBERS, name);
}

function redriveIn(policy: unknown, queues: Queues): Redrive | undefined {
  if (policy === '') return undefined;
  let parsed: CheckedFields;
  try {
    parsed = JSON.parse(String(policy)) as CheckedFields;
  } catch {
    throw invalidValue('RedrivePolicy: expected JSON');
  }
  const maxReceives = numberIn(parsed, 'maxReceiveCount', [1, 1000]);
  const to = queues.withArn(String(parsed['deadLetterTargetArn']));
  if (to === undefined) throw invalidValue('RedrivePolicy: there is no queue with this deadLetterTargetArn');
  if (maxReceives === undefined) throw invalidValue('RedrivePolicy: maxReceiveCount is missing');
  return { to, maxReceives };
}

function isOther({ settings }: Queue, wanted: Partial<QueueSettings>): boolean {
  const { redrive, ...numbers } = wanted;
  const has = settings.redrive === undefined ? undefined : policyOf(settings.redrive);
  if (redrive !== undefined && policyOf(redrive) !== has) return true;
  return NUMBER_NAMES.some((name) => {
    const [setting] = NUMBERS[name];
    return numbers[setting] !== undefined && numbers[setting] !== settings[setting];
  });
}
