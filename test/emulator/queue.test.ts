/** The local gateway's queues, as clients of both protocols see them: the official SDK, and forms and XML. */
import {
  BatchEntryIdsNotDistinct,
  BatchRequestTooLong,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  EmptyBatchRequest,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  InvalidMessageContents,
  ListQueuesCommand,
  MessageNotInflight,
  PurgeQueueCommand,
  QueueDeletedRecently,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TooManyEntriesInBatchRequest,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { queryClient } from '../support/query-client.js';

let gateway: Emulator;
let sqs: SQSClient;
let QueueUrl: string;

beforeEach(async () => {
  gateway = await startEmulator({
    routes: { '/ws': () => ({ statusCode: 200 }) },
    clock: 'manual',
    queues: { jobs: { redrive: { to: 'dead', maxReceives: 2 } }, dead: {} },
    accessKeyId: 'YCAJElocal',
  });
  ({ url: QueueUrl } = gateway.queue('jobs').access);
  sqs = client();
});
afterEach(async () => {
  sqs.destroy();
  await gateway.stop();
});

function client(accessKeyId = 'YCAJElocal'): SQSClient {
  const credentials = { accessKeyId, secretAccessKey: 'x' };
  return new SQSClient({ endpoint: gateway.endpoint, region: 'ru-central1', credentials, maxAttempts: 1 });
}

async function send(MessageBody: string, more: Partial<SendMessageCommandInput> = {}) {
  return sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
}

async function receive(more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  const asked = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const], ...more };
  return (await sqs.send(new ReceiveMessageCommand(asked))).Messages ?? [];
}

const countOf = ({ Attributes }: Message): string | undefined => Attributes?.ApproximateReceiveCount;

describe('the address of a queue', () => {
  it('is the same at each start but for the port, and only its last part has to fit', async () => {
    const pathOf = (url: string): string => new URL(url).pathname;
    await using other = await startEmulator({
      routes: { '/ws': () => ({ statusCode: 200 }) },
      queues: { jobs: {} },
    });
    expect(pathOf(other.queue('jobs').access.url)).toBe(pathOf(QueueUrl));
    const elsewhere = 'https://message-queue.api.cloud.yandex.net/b1gother/dj6other/jobs';
    await sqs.send(new SendMessageCommand({ QueueUrl: elsewhere, MessageBody: 'x' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages).toMatchObject([{ Body: 'x' }]);
  });
});

describe('the official SDK', () => {
  it('sends, receives and deletes', async () => {
    const sent = await send('hello ü', {
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: 'test' },
        raw: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
      },
    });
    const [message] = await receive({ MessageAttributeNames: ['All'] });
    expect(message).toMatchObject({
      Body: 'hello ü',
      MessageId: sent.MessageId,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: 'test' },
        raw: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
      },
      Attributes: {
        ApproximateReceiveCount: '1',
        SenderId: 'YCAJElocal',
        SentTimestamp: String(gateway.clock.now()),
      },
    });
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
    await gateway.clock.advance('1h');
    expect(await receive()).toEqual([]);
  });

  it('finds, makes, changes and deletes queues', async () => {
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }))).QueueUrl).toBe(QueueUrl);
    const Attributes = { VisibilityTimeout: '5', DelaySeconds: '2' };
    const made = await sqs.send(new CreateQueueCommand({ QueueName: 'made', Attributes }));
    expect(await sqs.send(new CreateQueueCommand({ QueueName: 'made' }))).toMatchObject({
      QueueUrl: made.QueueUrl,
    });
    const listed = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'm' }));
    expect(listed.QueueUrls).toEqual([made.QueueUrl]);
    const { QueueUrl: url } = made;
    await sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { MessageRetentionPeriod: '60' } }),
    );
    const read = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
    expect(read.Attributes).toMatchObject({
      ...Attributes,
      MessageRetentionPeriod: '60',
      MaximumMessageSize: '262144',
      ApproximateNumberOfMessages: '0',
      QueueArn: expect.stringMatching(/^yrn:yc:ymq:ru-central1:b1g\w+:made$/),
    });
    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'made' }))).rejects.toThrow(QueueDoesNotExist);
    await expect(sqs.send(new CreateQueueCommand({ QueueName: 'made' }))).rejects.toThrow(
      QueueDeletedRecently,
    );
  });

  it('counts what is visible, in flight and delayed, and purges it', async () => {
    await send('a');
    await send('b', { DelaySeconds: 10 });
    await send('c');
    await receive({ MaxNumberOfMessages: 1 });
    const read = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    expect(read.Attributes).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
    });
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    expect(gateway.queue('jobs').messages()).toEqual([]);
  });

  it('gets each entry of a batch an answer of its own', async () => {
    const answer = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: 'good', MessageBody: 'x' },
          { Id: 'bad', MessageBody: 'bell \u0007' },
          { Id: 'late', MessageBody: 'x', DelaySeconds: 901 },
        ],
      }),
    );
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['good']);
    expect(answer.Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault])).toEqual([
      ['bad', 'InvalidMessageContents', true],
      ['late', 'InvalidParameterValue', true],
    ]);
  });
});

describe('visibility', () => {
  it('hides what was received until its time is over, or as it is told', async () => {
    await send('a');
    const [first] = await receive({ VisibilityTimeout: 20 });
    await gateway.clock.advance('19999ms');
    expect(await receive()).toEqual([]);
    const change = { QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 5 };
    await sqs.send(new ChangeMessageVisibilityCommand(change));
    await gateway.clock.advance('4999ms');
    expect(await receive()).toEqual([]);
    await gateway.clock.advance('1ms');
    expect((await receive()).map(countOf)).toEqual(['2']);
    await expect(sqs.send(new ChangeMessageVisibilityCommand(change))).rejects.toThrow(MessageNotInflight);
  });

  it('counts what was made visible at once as received once, so dead letters come when they should', async () => {
    await send('a');
    const [first] = await receive();
    const change = { QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 };
    await sqs.send(new ChangeMessageVisibilityCommand(change));
    expect((await receive()).map(countOf)).toEqual(['2']);
    await gateway.clock.advance('30s');
    expect(await receive()).toEqual([]);
    const dead = await receive({ QueueUrl: gateway.queue('dead').access.url });
    expect(dead.map(({ Body, Attributes }) => [Body, Attributes?.SentTimestamp])).toEqual([
      ['a', first?.Attributes?.SentTimestamp],
    ]);
  });

  it('does not delete by an older receipt', async () => {
    await send('a');
    const [first] = await receive();
    await gateway.clock.advance('30s');
    const [second] = await receive();
    const remove = (one: Message | undefined) =>
      sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl,
          Entries: [{ Id: '1', ReceiptHandle: one?.ReceiptHandle }],
        }),
      );
    await remove(first);
    expect(gateway.queue('jobs').messages()).toHaveLength(1);
    await remove(second);
    expect(gateway.queue('jobs').messages()).toHaveLength(0);
  });
});

describe('time', () => {
  it('delays messages, and forgets them after their retention', async () => {
    await send('a', { DelaySeconds: 900 });
    await gateway.clock.advance('899999ms');
    expect(await receive()).toEqual([]);
    await gateway.clock.advance('1ms');
    expect(await receive({ VisibilityTimeout: 0 })).toHaveLength(1);
    await gateway.clock.advance(4 * 24 * 60 * 60 * 1000 - 900_001);
    expect(gateway.queue('jobs').messages()).toHaveLength(1);
    await gateway.clock.advance('1ms');
    expect(gateway.queue('jobs').messages()).toEqual([]);
  });

  it('lets a receiver wait for a message, and not longer than it wants', async () => {
    const waiting = receive({ WaitTimeSeconds: 20 });
    await send('a');
    expect((await waiting).map(({ Body }) => Body)).toEqual(['a']);
    const startedAt = gateway.clock.now();
    let endedAt: number | undefined;
    const inVain = receive({ WaitTimeSeconds: 20 }).finally(() => (endedAt = gateway.clock.now()));
    // The request needs some real time to arrive.
    while (endedAt === undefined) {
      await gateway.clock.advance('1s');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await inVain).toEqual([]);
    expect(endedAt - startedAt).toBeGreaterThanOrEqual(20_000);
  });
});

describe('what Message Queue refuses', () => {
  const entries = (count: number, MessageBody: string) =>
    Array.from({ length: count }, (_, index) => ({ Id: `e${index}`, MessageBody }));
  const batch = (Entries: { Id: string; MessageBody: string }[]) =>
    sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const attribute = { DataType: 'String', StringValue: 'x' };
  const attributes = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`a${index}`, attribute]));

  it.each<[string, () => Promise<unknown>, unknown]>([
    ['a message of more than 256 KiB', () => send('x'.repeat(262_145)), 'InvalidParameterValue'],
    [
      'attributes that make it so',
      () => send('x'.repeat(262_140), { MessageAttributes: { a: attribute } }),
      'InvalidParameterValue',
    ],
    ['control characters', () => send('\u0000'), InvalidMessageContents],
    ['an empty body', () => send(''), 'MissingParameter'],
    ['eleven attributes', () => send('x', { MessageAttributes: attributes }), 'InvalidParameterValue'],
    ['a delay of more than 900 s', () => send('x', { DelaySeconds: 901 }), 'InvalidParameterValue'],
    ['a visibility of more than 12 h', () => receive({ VisibilityTimeout: 43_201 }), 'InvalidParameterValue'],
    ['more than 10 at a time', () => receive({ MaxNumberOfMessages: 11 }), 'InvalidParameterValue'],
    ['a wait of more than 20 s', () => receive({ WaitTimeSeconds: 21 }), 'InvalidParameterValue'],
    ['an empty batch', () => batch([]), EmptyBatchRequest],
    ['eleven entries', () => batch(entries(11, 'x')), TooManyEntriesInBatchRequest],
    [
      'entries of the same id',
      () => batch([...entries(1, 'x'), ...entries(1, 'y')]),
      BatchEntryIdsNotDistinct,
    ],
    ['a batch of more than 256 KiB', () => batch(entries(3, 'x'.repeat(90_000))), BatchRequestTooLong],
    [
      'a receipt that is none',
      () => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: '?' })),
      ReceiptHandleIsInvalid,
    ],
    ['an address of no queue', () => send('x', { QueueUrl: `${QueueUrl}x` }), QueueDoesNotExist],
    ['a FIFO queue', () => sqs.send(new CreateQueueCommand({ QueueName: 'a.fifo' })), 'UnsupportedOperation'],
  ])('%s', async (_what, call, refusal) => {
    const error = await call().then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    if (typeof refusal === 'string') expect(error?.name).toBe(refusal);
    else expect(error).toBeInstanceOf(refusal);
    expect(gateway.timeline('type:queue level:warning')).toHaveLength(1);
    expect(gateway.queue('jobs').messages()).toEqual([]);
  });

  it('the largest that are allowed are taken', async () => {
    await send('x'.repeat(262_144));
    await batch(entries(10, 'ж'.repeat(13_107)));
    expect(gateway.queue('jobs').messages()).toHaveLength(11);
  });

  it('an access key that is not known', async () => {
    const stranger = client('YCAJEother');
    await expect(stranger.send(new ListQueuesCommand({}))).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('more than 300 calls of a kind in a second, with 403', async () => {
    // The client is too slow for it: one request of it, sent over and over.
    const headers = { ...SIGNED, 'Content-Type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ Action: 'ReceiveMessage', QueueUrl }).toString();
    const ask = async () => (await fetch(gateway.endpoint, { method: 'POST', headers, body })).status;
    const statuses = new Set<number>();
    for (let rounds = 0; rounds < 20 && !statuses.has(403); rounds++) {
      for (const status of await Promise.all(Array.from({ length: 350 }, ask))) statuses.add(status);
    }
    expect(statuses).toEqual(new Set([200, 403]));
    expect(gateway.timeline('type:queue level:warning')[0]?.reason).toContain('ThrottlingException');
    await expect(send('another kind')).resolves.toBeDefined();
  });
});

/** The gateway looks at the key, not at the signature. */
const SIGNED = {
  Authorization: 'AWS4-HMAC-SHA256 Credential=YCAJElocal/20261124/ru-central1/sqs/aws4_request, Signature=x',
};

describe('the Query protocol', () => {
  it('says the same as the reference of the platform shows', async () => {
    const query = queryClient(gateway.endpoint, 'YCAJElocal');
    const sent = await query('SendMessageBatch', {
      QueueUrl,
      'SendMessageBatchRequestEntry.1.Id': 'one',
      'SendMessageBatchRequestEntry.1.MessageBody': 'a <b> & "c"\r\n',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Name': 'kind',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType': 'String',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue': 'test',
      'SendMessageBatchRequestEntry.2.Id': 'two',
      'SendMessageBatchRequestEntry.2.MessageBody': '\u0001',
    });
    expect(sent.xml).toMatch(
      /<SendMessageBatchResponse><SendMessageBatchResult><SendMessageBatchResultEntry><Id>one</,
    );
    expect(sent.xml).toContain('<BatchResultErrorEntry><Id>two</Id><Code>InvalidMessageContents</Code>');
    expect(sent.texts('RequestId')).toHaveLength(1);

    const received = await query('ReceiveMessage', {
      QueueUrl,
      'AttributeName.1': 'All',
      'MessageAttributeName.1': 'ki.*',
      'MessageAttributeName.2': 'kind',
    });
    expect(received.texts('Body')).toEqual(['a &lt;b&gt; &amp; &quot;c&quot;&#xD;\n']);
    expect(received.xml).toContain(
      '<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>',
    );
    expect(received.xml).toContain(
      '<MessageAttribute><Name>kind</Name><Value><DataType>String</DataType><StringValue>test</StringValue></Value></MessageAttribute>',
    );
    const [ReceiptHandle = ''] = received.texts('ReceiptHandle');
    const removed = await query('DeleteMessage', { QueueUrl, ReceiptHandle });
    expect(removed.xml).toMatch(/^<\?xml[^>]*>\n<DeleteMessageResponse><ResponseMetadata>/);
    expect(gateway.queue('jobs').messages()).toEqual([]);
  });

  it('makes queues with attributes, and lists them', async () => {
    const query = queryClient(gateway.endpoint, 'YCAJElocal');
    const made = await query('CreateQueue', {
      QueueName: 'made',
      'Attribute.1.Name': 'VisibilityTimeout',
      'Attribute.1.Value': '40',
    });
    const [url = ''] = made.texts('QueueUrl');
    const read = await query('GetQueueAttributes', { QueueUrl: url, 'AttributeName.1': 'VisibilityTimeout' });
    expect(read.xml).toContain('<Attribute><Name>VisibilityTimeout</Name><Value>40</Value></Attribute>');
    expect((await query('ListQueues', {})).texts('QueueUrl')).toHaveLength(3);
  });

  it.each([
    [
      'SendMessage',
      { QueueUrl: 'http://x/none', MessageBody: 'x' },
      400,
      'AWS.SimpleQueueService.NonExistentQueue',
    ],
    ['TagQueue', {}, 400, 'InvalidAction'],
    ['', {}, 400, 'MissingAction'],
    ['SendMessage', { MessageBody: 'x' }, 400, 'MissingParameter'],
    ['GetQueueAttributes', { 'AttributeName.1': 'Nonsense' }, 400, 'InvalidAttributeName'],
  ])('refuses %s with %j', async (action, parameters, status, code) => {
    const query = queryClient(gateway.endpoint, 'YCAJElocal');
    const answer = await query(action, {
      ...(code.startsWith('Invalid') ? { QueueUrl } : {}),
      ...parameters,
    });
    expect([answer.status, ...answer.texts('Code')]).toEqual([status, code]);
    expect(answer.xml).toContain('<ErrorResponse><Error><Type>Sender</Type>');
  });

  it('is not what a request without a signature gets', async () => {
    const answer = await fetch(`${gateway.endpoint}/`, { method: 'POST', body: 'Action=ListQueues' });
    expect(answer.status).not.toBe(200);
    expect(await answer.text()).not.toContain('Queue');
  });
});
