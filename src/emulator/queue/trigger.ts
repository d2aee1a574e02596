/** What a trigger does with a queue: collects batches, hands them on, and deletes what was taken. */
import type { Clock } from '../clock.js';
import type { FaultTable } from '../faults/table.js';
import type { Queue, ReceivedBatch } from './queue-api.js';

export interface TriggerDeps {
  readonly queue: Queue;
  readonly batchSize: number;
  readonly cutoffMs: number;
  readonly visibilityMs: number | undefined;
  /** Batches that may be handed on at a time. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly faults: FaultTable;
  /** Hands a batch on. Resolves with whether its messages are to be deleted; never rejects. */
  deliver(batch: readonly ReceivedBatch[], fault: string | undefined): Promise<boolean>;
}

export interface Trigger {
  stop(): void;
}

interface Batch {
  readonly messages: ReceivedBatch[];
  /** The fault that has struck one of the messages. */
  fault: string | undefined;
  cancelCutoff: (() => void) | undefined;
}

/**
 * Messages are received, and so hidden from others, from the moment at which a batch begins to be collected:
 * what is left of their visibility when the function is called is shorter by the cutoff. How the cloud's
 * trigger collects is not documented; with the API that there is, it cannot do otherwise.
 */
export function startTrigger(parts: TriggerDeps): Trigger {
  const { queue, batchSize, cutoffMs, visibilityMs, concurrency, clock, faults } = parts;
  let batch: Batch = { messages: [], fault: undefined, cancelCutoff: undefined };
  /** Ids of messages that a fault has struck: a duplicate is not duplicated again. */
  const struckIds = new Set<string>();
  let underWay = 0;
  let isPulling = false;
  let isStopped = false;

  function strike(message: ReceivedBatch): void {
    if (struckIds.has(message.id)) return;
    const struck = faults.decide('queue', { queue: queue.name });
    if (struck === undefined) return;
    struckIds.add(message.id);
    batch.fault = struck.text;
    queue.put(message, struck.fault.delayMs ?? 0);
  }

  function handOn(): void {
    const { messages, fault, cancelCutoff } = batch;
    cancelCutoff?.();
    batch = { messages: [], fault: undefined, cancelCutoff: undefined };
    underWay++;
    // A moment later, so that what has put the messages is said first.
    const delivered = Promise.resolve().then(() => parts.deliver(messages, fault));
    void delivered.then((isTaken) => {
      underWay--;
      if (isTaken) for (const { receipt } of messages) queue.remove(receipt);
      pull();
    });
  }

  /** Receives as much as there is a use for. */
  function pull(): void {
    // A message that is put back is announced while it is being received.
    if (isPulling || isStopped) return;
    isPulling = true;
    while (underWay < concurrency) {
      const received = queue.receive(batchSize - batch.messages.length, visibilityMs);
      if (received.length === 0) break;
      batch.messages.push(...received);
      received.forEach(strike);
      if (batch.messages.length === batchSize) handOn();
    }
    isPulling = false;
    if (batch.messages.length > 0) waitForMore();
  }

  function waitForMore(): void {
    if (cutoffMs === 0) handOn();
    else batch.cancelCutoff ??= clock.at(clock.now() + cutoffMs, handOn);
  }

  const forget = queue.onAvailable(pull);
  pull();
  return {
    stop() {
      isStopped = true;
      forget();
      batch.cancelCutoff?.();
    },
  };
}
