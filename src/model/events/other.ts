/**
 * What calls a function beside the websocket of a gateway. Nothing in it is refused: what has another form
 * than expected is as if it were absent, and `raw` has it all.
 */
import { headerLookup } from '../../base/headers.js';
import { isRecord, otherType } from './claims.js';
import { queryOf } from './fields.js';
import type { HttpEvent, OtherEvent, QueueEvent, TimerEvent } from './event.js';

export function otherEventOf(raw: unknown): OtherEvent {
  switch (otherType(raw)) {
    case 'http':
      return httpEventOf(raw);
    case 'queue':
      return queueEventOf(raw);
    case 'timer':
      return timerEventOf(raw);
    case 'unknown':
      return { kind: 'other', type: 'unknown', raw };
  }
}

/** In format 2.0 method, path and address stand in `requestContext.http`. */
function httpEventOf(raw: unknown): HttpEvent {
  const event = fieldsOf(raw);
  const context = fieldsOf(event['requestContext']);
  const http = fieldsOf(context['http']);
  const identity = fieldsOf(context['identity']);
  const headers = headerLookup(textsOf(event['headers']), listsOf(event['multiValueHeaders']));
  const bytes = Buffer.from(
    textOf(event['body']) ?? '',
    event['isBase64Encoded'] === true ? 'base64' : 'utf8',
  );
  return {
    kind: 'other',
    type: 'http',
    method: textOf(event['httpMethod'], context['httpMethod'], http['method']) ?? '',
    path: textOf(event['rawPath'], event['path'], http['path'], event['url'], event['resource']) ?? '',
    pathParameters: textsOf(event['pathParameters'] ?? event['pathParams']),
    query: queryOf({
      queryStringParameters: textsOf(event['queryStringParameters']),
      multiValueQueryStringParameters: listsOf(event['multiValueQueryStringParameters']),
    }),
    headers,
    body: bytes.toString('utf8'),
    bytes,
    sourceIp: textOf(identity['sourceIp'], http['sourceIp']),
    requestId: textOf(context['requestId'], headers.get('x-request-id')),
    raw,
  };
}

export function queueEventOf(raw: unknown): QueueEvent {
  const messages = messagesOf(raw).map(({ details }) => {
    const message = fieldsOf(details['message']);
    return {
      id: textOf(message['message_id']),
      queueId: textOf(details['queue_id']),
      body: textOf(message['body']) ?? '',
    };
  });
  return { kind: 'other', type: 'queue', messages, raw };
}

function timerEventOf(raw: unknown): TimerEvent {
  const details = messagesOf(raw)[0]?.details ?? {};
  const payload = textOf(details['payload']) ?? '';
  return { kind: 'other', type: 'timer', triggerId: textOf(details['trigger_id']), payload, raw };
}

function messagesOf(raw: unknown): { readonly details: Fields }[] {
  const messages: unknown = fieldsOf(raw)['messages'];
  if (!Array.isArray(messages)) return [];
  return messages.map((message) => ({ details: fieldsOf(fieldsOf(message)['details']) }));
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** The first that is text. */
function textOf(...values: readonly unknown[]): string | undefined {
  return values.find((value) => typeof value === 'string');
}

function textsOf(value: unknown): Record<string, string> {
  const texts = Object.entries(fieldsOf(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}

function listsOf(value: unknown): Record<string, string[]> {
  const lists = Object.entries(fieldsOf(value)).map(([name, values]) => {
    const list: readonly unknown[] = Array.isArray(values) ? values : [];
    return [name, list.filter((one) => typeof one === 'string')] as const;
  });
  return Object.fromEntries(lists);
}
