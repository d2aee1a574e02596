/** The triggers of a gateway: each reads one queue, and gives what it finds to a function or to sockets. */
import { BroadcastError } from '../../base/errors.js';
import type { Calls } from '../calls/calls.js';
import type { ParsedTarget } from '../calls/functions.js';
import type { Invoker } from '../calls/invoker.js';
import { resolveTarget } from '../calls/resolve-target.js';
import type { Clock } from '../clock.js';
import type { FaultTable } from '../faults/table.js';
import type { ParsedEmulatorOptions } from '../options.js';
import type { Guesses } from '../profile/guesses.js';
import type { Route } from '../routing/routes.js';
import type { Gateway } from '../sockets/gateway.js';
import type { Timeline } from '../timeline/timeline.js';
import { broadcastTarget } from './broadcast-target.js';
import { functionTarget } from './function-target.js';
import type { Queue } from './queue-api.js';
import type { Queues } from './queues.js';
import { startTrigger, type Trigger, type TriggerDeps } from './trigger.js';

export interface TriggersDeps {
  readonly options: Pick<ParsedEmulatorOptions, 'triggers' | 'functions' | 'limits'>;
  readonly queues: Queues;
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly faults: FaultTable;
  readonly calls: Calls;
  readonly gateway: Gateway;
  readonly guess: Guesses;
  invokerOf(target: ParsedTarget, functionId?: string): Invoker;
}

export interface Triggers {
  /** To be called when functions run. */
  start(): void;
  stop(): void;
  /** What reads which queue, for people: `jobs → function`. */
  readonly summaries: readonly TriggerSummary[];
}

/** A trigger of the local gateway, for people. */
export interface TriggerSummary {
  readonly queue: string;
  /** The file of a function, `function` for one of this process, or the path of sockets. */
  readonly target: string;
  readonly batchSize: number;
  readonly cutoffMs: number;
}

type ParsedTrigger = ParsedEmulatorOptions['triggers'][number];
type ToFunction = Extract<ParsedTrigger, { function: unknown }>;
type ToSockets = Extract<ParsedTrigger, { broadcast: unknown }>;

/** Throws `INVALID_OPTIONS` that names the trigger and what is wrong with it. */
export function createTriggers(parts: TriggersDeps): Triggers {
  const { options, queues, clock, faults } = parts;
  const ready = options.triggers.map((trigger, index) => {
    const queue = queueOf(queues, options.triggers, index);
    const { batchSize, cutoffMs, visibilityMs } = trigger;
    const common = { queue, batchSize, cutoffMs, visibilityMs, clock, faults };
    return 'broadcast' in trigger
      ? { ...common, ...toSockets(parts, queue, trigger, index), target: trigger.broadcast }
      : { ...common, ...toFunction(parts, queue, trigger, index) };
  });
  let started: Trigger[] = [];
  return {
    start() {
      started = ready.map(startTrigger);
    },
    stop() {
      for (const trigger of started) trigger.stop();
    },
    summaries: ready.map(({ queue, target, batchSize, cutoffMs }) => ({
      queue: queue.name,
      target,
      batchSize,
      cutoffMs,
    })),
  };
}

function queueOf(queues: Queues, triggers: readonly ParsedTrigger[], index: number): Queue {
  const { queue: name } = triggers[index] ?? { queue: '' };
  if (triggers.findIndex(({ queue }) => queue === name) < index) {
    throw invalid(index, 'queue', `'${name}' has a trigger already; there can be one`);
  }
  const queue = queues.all().find((one) => one.name === name);
  if (queue === undefined) throw invalid(index, 'queue', `there is no queue '${name}'; add it to queues`);
  return queue;
}

type Delivery = Pick<TriggerDeps, 'concurrency' | 'deliver'>;

function toFunction(
  { options, queues, calls, timeline, invokerOf }: TriggersDeps,
  queue: Queue,
  trigger: ToFunction,
  index: number,
): Delivery & { readonly target: string } {
  const target = resolveTarget(
    trigger.function,
    options.functions,
    `startEmulator.triggers.${index}.function`,
  );
  const isSource = typeof target === 'object' && 'entry' in target;
  const room = isSource
    ? Math.min(target.instances.max * target.concurrency, target.requestsLimit)
    : Infinity;
  const place = placeOf(queues, queue, trigger.attributeNames);
  const invoker = invokerOf(target, typeof trigger.function === 'string' ? trigger.function : undefined);
  return {
    target: isSource ? target.entry : 'function',
    concurrency: Math.min(trigger.concurrency, room),
    deliver: functionTarget({ queueName: queue.name, place, invoker, calls, timeline }),
  };
}

function toSockets(
  { options, queues, routes, gateway, timeline, guess }: TriggersDeps,
  queue: Queue,
  { broadcast: path, payload }: ToSockets,
  index: number,
): Delivery {
  const templates = routes.map(({ pattern }) => pattern.template);
  if (!templates.includes(path)) {
    throw invalid(index, 'broadcast', `there is no websocket path '${path}', only ${templates.join(', ')}`);
  }
  const place = placeOf(queues, queue, 'snake_case');
  const { maxMessageBytes } = options.limits;
  const parts = { queueName: queue.name, place, path, payload, gateway, maxMessageBytes, timeline, guess };
  return { concurrency: 1, deliver: broadcastTarget(parts) };
}

function placeOf({ cloudId, folderId }: Queues, { arn }: Queue, attributeNames: 'snake_case' | 'camelCase') {
  return { cloudId, folderId, queueArn: arn, attributeNames };
}

function invalid(index: number, field: string, problem: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `startEmulator.triggers.${index}.${field}: ${problem}`);
}
