/**
 * The interfaces beside the gateway's own paths: management over REST, queues, the store, and the control
 * API.
 */
import type { Garbage } from './garbage.js';
import type { Attack } from './http-attacks.js';
import { answersTo, rawRequest } from './wire.js';

const PIPELINED = 200;

function inOneGo(one: (garbage: Garbage, token: string) => Buffer): Attack {
  return async ({ port, token }, garbage) => {
    const requests = Array.from({ length: PIPELINED }, () => one(garbage, token));
    return answersTo(port, Buffer.concat(requests), PIPELINED);
  };
}

const post = (path: string, headers: readonly string[], body: Buffer | string): Buffer =>
  rawRequest(`POST ${path}`, ['Host: localhost', ...headers], body);

/** JSON, now and then broken. */
function jsonOf(garbage: Garbage, value: unknown): Buffer | string {
  const text = JSON.stringify(value);
  if (garbage.chance(0.9)) return text;
  return garbage.chance(0.5) ? text.slice(0, garbage.below(text.length)) : garbage.bytes(40);
}

/** An object with these fields, of which each may be missing, right, or anything. */
function fieldsOf(garbage: Garbage, right: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(right).filter(() => garbage.chance(0.9));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, garbage.chance(0.6) ? value : garbage.json()]),
  );
}

const signature = (service: string): string =>
  `Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/x/${service}/aws4_request, SignedHeaders=x, Signature=x`;

const segment = (garbage: Garbage): string => encodeURIComponent(garbage.text().toWellFormed());

const rest = inOneGo((garbage) => {
  const id = garbage.chance(0.5) ? segment(garbage) : garbage.line().replace(/[^!-~]/g, '');
  const verb = garbage.pick([':send', ':disconnect', ':', '', ':constructor']);
  const body = jsonOf(garbage, fieldsOf(garbage, { data: 'eA==', type: garbage.pick(['TEXT', 'BINARY']) }));
  const line = `${garbage.pick(['POST', 'GET', 'DELETE', 'PUT'])} /apigateways/websocket/v1/connections/${id}${verb}`;
  const authorization = garbage.chance(0.8) ? 'Bearer x' : garbage.line();
  return rawRequest(line, ['Host: localhost', `Authorization: ${authorization}`], body);
});

const QUEUE_ACTIONS = [
  'SendMessage', 'SendMessageBatch', 'ReceiveMessage', 'DeleteMessage', 'DeleteMessageBatch', 'ChangeMessageVisibility',
  'ChangeMessageVisibilityBatch', 'CreateQueue', 'GetQueueUrl', 'GetQueueAttributes', 'ListQueues', 'PurgeQueue', 'constructor',
  'SetQueueAttributes',
]; // prettier-ignore

function queueFieldsOf(garbage: Garbage): Record<string, unknown> {
  return fieldsOf(garbage, {
    QueueUrl: `http://x/${garbage.pick(['jobs', 'live', 'none'])}`,
    QueueName: garbage.pick(['jobs', 'live', 'none', 'other']),
    MessageBody: garbage.text(),
    MessageAttributes: { a: { DataType: 'String', StringValue: garbage.text() } },
    Entries: [
      { Id: 'a', MessageBody: garbage.text(), ReceiptHandle: 'x', VisibilityTimeout: 1 },
      garbage.json(),
    ],
    MaxNumberOfMessages: garbage.below(12),
    VisibilityTimeout: garbage.below(3),
    DelaySeconds: garbage.below(3),
    ReceiptHandle: garbage.text(),
    AttributeNames: ['All', garbage.text()],
    // Nothing that keeps what the run leaves in the queues.
    Attributes: { VisibilityTimeout: String(garbage.below(5)), RedrivePolicy: garbage.text() },
  });
}

const queueInJson = inOneGo((garbage) => {
  const target = `X-Amz-Target: AmazonSQS.${garbage.chance(0.9) ? garbage.pick(QUEUE_ACTIONS) : garbage.line()}`;
  const type = 'Content-Type: application/x-amz-json-1.0';
  return post('/', [signature('sqs'), target, type], jsonOf(garbage, queueFieldsOf(garbage)));
});

const queueInForms = inOneGo((garbage) => {
  const fields = [
    ['Action', garbage.pick(QUEUE_ACTIONS)],
    ['QueueUrl', 'http://x/jobs'],
    ['MessageBody', garbage.text()],
  ];
  const NAMES = [
    'Entry.1.Id',
    'SendMessageBatchRequestEntry.1.Id',
    'Attribute.1.Name',
    'MessageAttribute.999999999.Name',
    '__proto__.x',
    'a..b',
    'constructor.prototype.x',
    '0',
  ];
  for (let more = garbage.below(5); more > 0; more--) fields.push([garbage.pick(NAMES), garbage.text()]);
  const body = fields
    .map(([name = '', value = '']) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
    .join('&');
  const broken = garbage.chance(0.1) ? body + garbage.line() : body;
  return post('/', [signature('sqs'), 'Content-Type: application/x-www-form-urlencoded'], broken);
});

const STORE_ACTIONS = [
  'GetItem', 'PutItem', 'DeleteItem', 'UpdateItem', 'Query', 'BatchWriteItem', 'DescribeTable', 'UpdateTimeToLive', 'toString',
]; // prettier-ignore
const EXPRESSIONS = [
  'attribute_not_exists(p)', 'p = :a AND s > :b', 'begins_with(s, :a)', 'SET a = :a', 'ADD n :b', 'REMOVE a', 'SET a = a + :a',
  '(((', 'p = ', ':a', 'p BETWEEN :a AND :b', 'NOT NOT p = :a',
]; // prettier-ignore

const store = inOneGo((garbage) => {
  const key = { p: { S: garbage.pick(['a', 'b', 'c']) }, s: { S: garbage.pick(['1', '2', '__proto__']) } };
  const expression = (): string => (garbage.chance(0.7) ? garbage.pick(EXPRESSIONS) : garbage.text());
  const fields = fieldsOf(garbage, {
    TableName: garbage.pick(['yc_broadcast_store', 'none', '__proto__']),
    Key: key,
    Item: { ...key, a: garbage.json(1) },
    ConditionExpression: expression(),
    UpdateExpression: expression(),
    KeyConditionExpression: expression(),
    FilterExpression: expression(),
    ExpressionAttributeValues: { ':a': { S: 'a' }, ':b': { N: garbage.text() }, ':c': garbage.json() },
    ExclusiveStartKey: garbage.json(),
    Limit: garbage.below(5),
    RequestItems: { yc_broadcast_store: [{ DeleteRequest: { Key: key } }, garbage.json()] },
    TimeToLiveSpecification: { AttributeName: 't', Enabled: true },
  });
  const target = `X-Amz-Target: DynamoDB_20120810.${garbage.pick(STORE_ACTIONS)}`;
  return post('/_yc-broadcast/store', [signature('dynamodb'), target], jsonOf(garbage, fields));
});

/**
 * Without what is meant to disturb everybody: faults that are valid, a restart, and closing what a normal
 * client has.
 */
const READ = [
  'status',
  'connections',
  'timeline',
  'rooms',
  'broadcasts',
  'queues',
  'instances',
  'faults',
  'constructor',
];
const TARGETS = ['path:/ws', 'path:/rooms/{room}', 'room:x', 'path:', 'room:', 'ffff', ''];

const control = inOneGo((garbage, token) => {
  const { path, body } = controlCall(garbage);
  const method = body === undefined ? garbage.pick(['GET', 'GET', 'GET', 'DELETE', 'PUT']) : 'POST';
  const key = garbage.chance(0.9) ? token : garbage.line();
  const headers = ['Host: localhost', `X-Yc-Broadcast-Token: ${key}`];
  if (garbage.chance(0.1)) headers.push(`Origin: ${garbage.line()}`);
  return rawRequest(
    `${method} /_yc-broadcast/api/${path}`,
    headers,
    body === undefined ? '' : jsonOf(garbage, body),
  );
});

function controlCall(garbage: Garbage): { path: string; body?: unknown } {
  const target = garbage.pick(TARGETS);
  const data = garbage.text();
  switch (garbage.below(6)) {
    case 0:
      return {
        path: garbage.pick(['send', 'drop', 'close']),
        body: { to: target, ...fieldsOf(garbage, { data, code: 1000, reason: data }) },
      };
    case 1:
      return {
        path: 'invoke',
        body: { path: '/ws', ...fieldsOf(garbage, { operation: 'message', data, event: {}, print: true }) },
      };
    case 2:
      return { path: 'faults', body: { text: `send.${garbage.text()}=x` } };
    case 3:
      return { path: `${garbage.pick(['connections', 'faults', 'instances'])}/x${segment(garbage)}` };
    default:
      return {
        path: `${garbage.pick(READ)}?${garbage.pick(['sort', 'offset', 'limit', 'target', 'search', 'filter', 'after', 'since'])}=${segment(garbage)}`,
      };
  }
}

export const apiAttacks: readonly Attack[] = [rest, queueInJson, queueInForms, store, control];
