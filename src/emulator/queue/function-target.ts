/** The function that a trigger calls. */
import type { Calls, StruckInvocation } from '../calls/calls.js';
import type { Invoker } from '../calls/invoker.js';
import type { Timeline } from '../timeline/timeline.js';
import type { ReceivedBatch } from './queue-api.js';
import { triggerEvent, type TriggerPlace } from './trigger-event.js';

export interface FunctionTargetDeps {
  readonly queueName: string;
  readonly place: TriggerPlace;
  readonly invoker: Invoker;
  readonly calls: Calls;
  readonly timeline: Timeline;
}

/**
 * Calls a function with each batch. Documented: on success the messages are deleted, on an error they come
 * back when their visibility ends, all of the batch.
 */
export function functionTarget({ queueName, place, invoker, calls, timeline }: FunctionTargetDeps) {
  return async (batch: readonly ReceivedBatch[], fault: string | undefined): Promise<boolean> => {
    const event = triggerEvent(place, batch);
    const invocation = await calls.call({ invoker }, event, { queue: queueName });
    const isTaken = invocation.hasReturned === true;
    timeline.add({
      type: 'trigger',
      queue: queueName,
      messages: batch.length,
      status: isTaken ? 200 : invocation.status,
      durationMs: invocation.durationMs,
      instance: invocation.instance?.id,
      coldMs: invocation.instance?.coldMs,
      fault: fault ?? invocation.fault,
      ...verdictOn(invocation, isTaken),
    });
    return isTaken;
  };
}

function verdictOn({ problem, response }: StruckInvocation, isTaken: boolean) {
  if (!isTaken) {
    return { reason: `the messages come back: ${problem ?? 'no answer'}`, level: 'error' as const };
  }
  if (response === undefined || response.statusCode < 400) return {};
  const reason = `returned statusCode ${response.statusCode}, which triggers are not documented to check; throw instead`;
  return { reason, level: 'warning' as const };
}
