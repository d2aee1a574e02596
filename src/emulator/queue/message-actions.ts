/** What can be done with messages over the API, whichever protocol it is asked in. */
import type { Clock } from '../clock.js';
import type { Timeline } from '../timeline/timeline.js';
import {
  attributesIn,
  bodyIn,
  checkBatchSize,
  entriesIn,
  numberIn,
  textIn,
  type CheckedFields,
} from './checks.js';
import { md5, md5OfAttributes } from './digests.js';
import { MAX_DELAY_SECONDS, MAX_VISIBILITY_SECONDS } from './limits.js';
import type { Queue } from './queue-api.js';
import { QueueError } from './queue-error.js';
import { receiveMessages } from './receive-messages.js';

export interface MessageActionDeps {
  readonly clock: Clock;
  readonly timeline: Timeline;
}

/** @param senderId Who asks. */
export type MessageAction = (
  queue: Queue,
  request: CheckedFields,
  senderId: string,
) => object | Promise<object>;

export function createMessageActions({ clock, timeline }: MessageActionDeps): Record<string, MessageAction> {
  function send(queue: Queue, fields: CheckedFields, senderId: string): object {
    const body = bodyIn(fields, queue.settings.maxMessageBytes);
    const attributes = attributesIn(fields);
    const delay = numberIn(fields, 'DelaySeconds', [0, MAX_DELAY_SECONDS]);
    const delayMs = delay === undefined ? undefined : delay * 1000;
    const MessageId = queue.send({ body, attributes, senderId, delayMs });
    return { MessageId, MD5OfMessageBody: md5(body), MD5OfMessageAttributes: md5OfAttributes(attributes) };
  }

  function logSend(queue: Queue, messages: readonly CheckedFields[]): void {
    const bytes = messages.reduce((sum, { MessageBody: body }) => sum + Buffer.byteLength(String(body)), 0);
    if (messages.length > 0)
      timeline.add({ type: 'queue', queue: queue.name, messages: messages.length, bytes });
  }

  function hide(queue: Queue, fields: CheckedFields): object {
    const receipt = receiptIn(fields);
    const visibility = numberIn(fields, 'VisibilityTimeout', [0, MAX_VISIBILITY_SECONDS]);
    if (visibility === undefined) throw new QueueError('MissingParameter', 'VisibilityTimeout is required');
    if (queue.hide(receipt, visibility * 1000)) return {};
    throw new QueueError('MessageNotInflight', 'no message in flight has this receipt');
  }

  function remove(queue: Queue, fields: CheckedFields): object {
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
      const sent: CheckedFields[] = [];
      const answer = each(entries, (fields) => {
        const result = send(queue, fields, senderId);
        sent.push(fields);
        return result;
      });
      logSend(queue, sent);
      return answer;
    },
    ReceiveMessage: (queue, request) => receiveMessages(clock, queue, request),
    DeleteMessage: remove,
    DeleteMessageBatch: (queue, request) => each(entriesIn(request), (fields) => remove(queue, fields)),
    ChangeMessageVisibility: hide,
    ChangeMessageVisibilityBatch: (queue, request) =>
      each(entriesIn(request), (fields) => hide(queue, fields)),
  };
}

/** Does something with each entry of a batch; one that is refused does not hold up the others. */
function each(
  entries: readonly { readonly id: string; readonly fields: CheckedFields }[],
  perform: (fields: CheckedFields) => object,
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

function receiptIn(fields: CheckedFields): string {
  const receipt = textIn(fields, 'ReceiptHandle');
  if (/^[\w-]{16}$/.test(receipt)) return receipt;
  throw new QueueError('ReceiptHandleIsInvalid', 'the receipt is not from this queue');
}
