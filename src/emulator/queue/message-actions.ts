/** What can be done with messages over the API, whichever protocol it is asked in. */
import type { Clock } from '../clock.js';
import type { Timeline } from '../timeline/timeline.js';
import { attributesIn, bodyIn, checkBatchSize, entriesIn, numberIn, textIn, type Fields } from './checks.js';
import { md5, md5OfAttributes } from './digests.js';
import { MAX_BATCH_ENTRIES, MAX_DELAY_SECONDS, MAX_VISIBILITY_SECONDS, MAX_WAIT_SECONDS } from './limits.js';
import type { Queue, Received } from './queue.js';
import { QueueError } from './queue-error.js';
import type { MessageAttribute } from './trigger-event.js';

export interface MessageActionParts {
  readonly clock: Clock;
  readonly timeline: Timeline;
}

/** @param senderId Who asks. */
export type MessageAction = (queue: Queue, request: Fields, senderId: string) => object | Promise<object>;

export function createMessageActions({ clock, timeline }: MessageActionParts): Record<string, MessageAction> {
  function send(queue: Queue, fields: Fields, senderId: string): object {
    const body = bodyIn(fields, queue.settings.maxMessageBytes);
    const attributes = attributesIn(fields);
    const delay = numberIn(fields, 'DelaySeconds', [0, MAX_DELAY_SECONDS]);
    const delayMs = delay === undefined ? undefined : delay * 1000;
    const MessageId = queue.send({ body, attributes, senderId, delayMs });
    return { MessageId, MD5OfMessageBody: md5(body), MD5OfMessageAttributes: md5OfAttributes(attributes) };
  }

  function logSend(queue: Queue, messages: readonly Fields[]): void {
    const bytes = messages.reduce((sum, { MessageBody: body }) => sum + Buffer.byteLength(String(body)), 0);
    if (messages.length > 0)
      timeline.add({ type: 'queue', queue: queue.name, messages: messages.length, bytes });
  }

  async function receive(queue: Queue, request: Fields): Promise<object> {
    const max = numberIn(request, 'MaxNumberOfMessages', [1, MAX_BATCH_ENTRIES]) ?? 1;
    const visibility = numberIn(request, 'VisibilityTimeout', [0, MAX_VISIBILITY_SECONDS]);
    const wait = numberIn(request, 'WaitTimeSeconds', [0, MAX_WAIT_SECONDS]);
    if (!queue.hasRoomInFlight()) throw new QueueError('OverLimit', 'too many messages are in flight');
    const visibilityMs = visibility === undefined ? undefined : visibility * 1000;
    const waitMs = wait === undefined ? queue.settings.waitMs : wait * 1000;
    const received = await poll(clock, queue, waitMs, () => queue.receive(max, visibilityMs));
    return received.length === 0 ? {} : { Messages: received.map((message) => messageOf(message, request)) };
  }

  function hide(queue: Queue, fields: Fields): object {
    const receipt = receiptIn(fields);
    const visibility = numberIn(fields, 'VisibilityTimeout', [0, MAX_VISIBILITY_SECONDS]);
    if (visibility === undefined) throw new QueueError('MissingParameter', 'VisibilityTimeout is required');
    if (queue.hide(receipt, visibility * 1000)) return {};
    throw new QueueError('MessageNotInflight', 'no message is in flight with this receipt');
  }

  function remove(queue: Queue, fields: Fields): object {
    queue.remove(receiptIn(fields));
    return {};
  }

  return {
    SendMessage(queue, request, senderId) {
      const sent = send(queue, request, senderId);
      logSend(queue, [request]);
      return sent;
    },
    SendMessageBatch(queue, request, senderId) {
      const entries = entriesIn(request);
      checkBatchSize(entries);
      const sent: Fields[] = [];
      const answer = each(entries, (fields) => {
        const result = send(queue, fields, senderId);
        sent.push(fields);
        return result;
      });
      logSend(queue, sent);
      return answer;
    },
    ReceiveMessage: receive,
    DeleteMessage: remove,
    DeleteMessageBatch: (queue, request) => each(entriesIn(request), (fields) => remove(queue, fields)),
    ChangeMessageVisibility: hide,
    ChangeMessageVisibilityBatch: (queue, request) =>
      each(entriesIn(request), (fields) => hide(queue, fields)),
  };
}

/** Does something with each entry of a batch; one that is refused does not hold up the others. */
function each(
  entries: readonly { readonly id: string; readonly fields: Fields }[],
  perform: (fields: Fields) => object,
): object {
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const { id: Id, fields } of entries) {
    try {
      Successful.push({ Id, ...perform(fields) });
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: error.status < 500 });
    }
  }
  return { Successful, ...(Failed.length === 0 ? {} : { Failed }) };
}

/** Receives at once, or as soon as there is something, or nothing when time is up. */
function poll(clock: Clock, queue: Queue, waitMs: number, receive: () => Received[]): Promise<Received[]> {
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

function receiptIn(fields: Fields): string {
  const receipt = textIn(fields, 'ReceiptHandle');
  if (/^[\w-]{16}$/.test(receipt)) return receipt;
  throw new QueueError('ReceiptHandleIsInvalid', 'the receipt is none of this queue');
}

function messageOf(message: Received, request: Fields): object {
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

function systemAttributes(message: Received, request: Fields): object {
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
