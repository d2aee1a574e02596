/** `ReceiveMessage`: waiting for messages, and showing as much of them as was asked for. */
import type { Clock } from '../clock.js';
import { numberIn, type CheckedFields } from './checks.js';
import { md5, md5OfAttributes } from './digests.js';
import { MAX_BATCH_ENTRIES, MAX_VISIBILITY_SECONDS, MAX_WAIT_SECONDS } from './limits.js';
import type { Queue, ReceivedBatch } from './queue-api.js';
import { QueueError } from './queue-error.js';
import type { MessageAttribute } from './trigger-event.js';

export async function receiveMessages(clock: Clock, queue: Queue, request: CheckedFields): Promise<object> {
  const max = numberIn(request, 'MaxNumberOfMessages', [1, MAX_BATCH_ENTRIES]) ?? 1;
  const visibility = numberIn(request, 'VisibilityTimeout', [0, MAX_VISIBILITY_SECONDS]);
  const wait = numberIn(request, 'WaitTimeSeconds', [0, MAX_WAIT_SECONDS]);
  if (!queue.hasRoomInFlight()) throw new QueueError('OverLimit', 'too many messages are in flight');
  const visibilityMs = visibility === undefined ? undefined : visibility * 1000;
  const waitMs = wait === undefined ? queue.settings.waitMs : wait * 1000;
  const received = await poll(clock, queue, waitMs, () => queue.receive(max, visibilityMs));
  return received.length === 0 ? {} : { Messages: received.map((message) => messageOf(message, request)) };
}

/** Receives at once, or as soon as there is something, or nothing when time is up. */
function poll(
  clock: Clock,
  queue: Queue,
  waitMs: number,
  receive: () => ReceivedBatch[],
): Promise<ReceivedBatch[]> {
  const first = receive();
  if (first.length > 0 || waitMs === 0) return Promise.resolve(first);
  return new Promise((resolve) => {
    const cancel = clock.at(clock.now() + waitMs, () => {
      forget();
      resolve([]);
    });
    const forget = queue.onAvailable(() => {
      const received = receive();
      if (received.length === 0) return;
      cancel();
      forget();
      resolve(received);
    });
  });
}

function messageOf(message: ReceivedBatch, request: CheckedFields): object {
  const { id, receipt, body, attributes } = message;
  const wanted = wantedNames(request['MessageAttributeNames']);
  const shown = Object.fromEntries(Object.entries(attributes).filter(([name]) => wanted(name)));
  return {
    MessageId: id,
    ReceiptHandle: receipt,
    MD5OfBody: md5(body),
    Body: body,
    ...systemAttributes(message, request),
    ...(Object.keys(shown).length === 0
      ? {}
      : {
          MD5OfMessageAttributes: md5OfAttributes(shown),
          MessageAttributes: Object.fromEntries(
            Object.entries(shown).map(([name, value]) => [name, attributeOf(value)]),
          ),
        }),
  };
}

function systemAttributes(message: ReceivedBatch, request: CheckedFields): object {
  const wanted = wantedNames(request['MessageSystemAttributeNames'] ?? request['AttributeNames']);
  const all = {
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    ApproximateReceiveCount: String(message.receiveCount),
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
  };
  const shown = Object.entries(all).filter(([name]) => wanted(name));
  return shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) };
}

/** `All`, `.*` and prefixes such as `trace.*` are taken, as documented. */
function wantedNames(names: unknown): (name: string) => boolean {
  const wanted = Array.isArray(names) ? names.map(String) : [];
  return (name) =>
    wanted.some(
      (one) => one === 'All' || one === name || (one.endsWith('.*') && name.startsWith(one.slice(0, -2))),
    );
}

function attributeOf({ dataType, stringValue, binaryValue }: MessageAttribute): object {
  return { DataType: dataType, StringValue: stringValue, BinaryValue: binaryValue };
}
