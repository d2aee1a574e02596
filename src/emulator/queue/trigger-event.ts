/**
 * What a trigger makes of the messages of a queue: the event of a function, and the text of a broadcast to
 * sockets.
 */
import { createHash } from 'node:crypto';

/** A message as a trigger has received it. */
export interface ReceivedMessage {
  readonly id: string;
  readonly body: string;
  /** Unix milliseconds. */
  readonly sentAt: number;
  readonly firstReceivedAt: number;
  /** How often it has been received, this time included. */
  readonly receiveCount: number;
  readonly senderId: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
}

/** An attribute of a message, as triggers hand it on. */
export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, possibly with a label behind a dot. */
  readonly dataType: string;
  readonly stringValue?: string | undefined;
  /** Base64. */
  readonly binaryValue?: string | undefined;
}

export interface TriggerPlace {
  readonly queueArn: string;
  readonly folderId: string;
  readonly cloudId: string;
  /**
   * How attributes of messages are spelt: `data_type` as in recorded invocations, or `dataType` as in the
   * documentation and the published typings.
   */
  readonly attributeNames: 'snake_case' | 'camelCase';
}

/** The event of a call, field by field as it was recorded from the cloud. */
export function triggerEvent(place: TriggerPlace, messages: readonly ReceivedMessage[]) {
  return { messages: messages.map((message) => eventOf(place, message)) };
}

function eventOf(place: TriggerPlace, message: ReceivedMessage) {
  const { id, body, sentAt, firstReceivedAt, receiveCount, senderId, attributes } = message;
  return {
    event_metadata: {
      event_id: id,
      event_type: 'yandex.cloud.events.messagequeue.QueueMessage',
      created_at: new Date(sentAt).toISOString(),
      tracing_context: null,
      cloud_id: place.cloudId,
      folder_id: place.folderId,
    },
    details: {
      queue_id: place.queueArn,
      message: {
        message_id: id,
        md5_of_body: createHash('md5').update(body).digest('hex'),
        body,
        attributes: {
          ApproximateFirstReceiveTimestamp: String(firstReceivedAt),
          ApproximateReceiveCount: String(receiveCount),
          SenderId: senderId,
          SentTimestamp: String(sentAt),
        },
        message_attributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [name, attributeOf(value, place.attributeNames)]),
        ),
        md5_of_message_attributes: '',
      },
    },
  };
}

function attributeOf(
  { dataType, stringValue, binaryValue }: MessageAttribute,
  names: TriggerPlace['attributeNames'],
): Record<string, string> {
  const parts =
    names === 'snake_case'
      ? { data_type: dataType, string_value: stringValue, binary_value: binaryValue }
      : { dataType, stringValue, binaryValue };
  const known = Object.entries(parts).filter((part): part is [string, string] => part[1] !== undefined);
  return Object.fromEntries(known);
}
