/**
 * Triggers of the local gateway: batches, redelivery, dead letters and duplicates, on a clock that stands
 * still.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  startEmulator,
  type Emulator,
  type EmulatorOptions,
  type FunctionHandler,
} from 'yc-broadcast/emulator';
import { messageQueue, type ClosableMessageQueue } from 'yc-broadcast/queue/client';
import { join } from 'node:path';
import { parseEvent } from '../../src/model/events.js';
import { temporaryProject } from '../support/cli.js';
import { queryClient } from '../support/query-client.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Event {
  readonly messages: readonly {
    readonly event_metadata: Readonly<Record<string, unknown>>;
    readonly details: {
      readonly queue_id: string;
      readonly message: {
        readonly message_id: string;
        readonly body: string;
        readonly attributes: Readonly<Record<string, string>>;
      };
    };
  }[];
}

/** A function that notes what it is called with. */
function recorder(answer: (bodies: readonly string[], call: number) => unknown = () => undefined) {
  const events: Event[] = [];
  const handler = async (event: Event): Promise<unknown> => {
    const call = events.push(event);
    return answer(bodiesOf(event), call);
  };
  return { events, bodies: () => events.map(bodiesOf), handler: handler as FunctionHandler };
}

function bodiesOf({ messages }: Event): string[] {
  return messages.map(({ details }) => details.message.body);
}

async function start(
  options: Omit<EmulatorOptions, 'routes'> & { readonly queue?: string },
): Promise<{ gateway: Emulator; queue: ClosableMessageQueue }> {
  const { queue: name = 'jobs', ...rest } = options;
  const routes = { '/ws': () => ({ statusCode: 200 }), '/rooms/{room}': () => ({ statusCode: 200 }) };
  const gateway = await startEmulator({
    ...(rest.spec === undefined ? { routes } : {}),
    clock: 'manual',
    ...rest,
  });
  const queue = messageQueue(gateway.queue(name).access);
  closers.push(gateway.stop, queue.close);
  return { gateway, queue };
}

function texts(...bodies: string[]): { body: string }[] {
  return bodies.map((body) => ({ body }));
}

describe('a trigger that calls a function', () => {
  it('gives it the event that was recorded from the cloud, and deletes what it has taken', async () => {
    const worker = recorder();
    const { gateway, queue } = await start({
      queues: { jobs: {} },
      triggers: [{ queue: 'jobs', function: worker.handler }],
    });
    await queue.send(texts('{"shard":1}'));
    await gateway.idle();
    const [event] = worker.events;
    const sent = String(gateway.clock.now());
    expect(event?.messages).toEqual([
      {
        event_metadata: {
          event_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{8}){3}$/),
          event_type: 'yandex.cloud.events.messagequeue.QueueMessage',
          created_at: new Date(gateway.clock.now()).toISOString(),
          tracing_context: null,
          cloud_id: expect.stringMatching(/^b1g/),
          folder_id: expect.stringMatching(/^b1g/),
        },
        details: {
          queue_id: expect.stringMatching(/^yrn:yc:ymq:ru-central1:b1g\w+:jobs$/),
          message: {
            message_id: event?.messages[0]?.event_metadata['event_id'],
            md5_of_body: 'bfd436d66970e8067fd758925a011935',
            body: '{"shard":1}',
            attributes: {
              ApproximateFirstReceiveTimestamp: sent,
              ApproximateReceiveCount: '1',
              SenderId: 'local',
              SentTimestamp: sent,
            },
            message_attributes: {},
            md5_of_message_attributes: '',
          },
        },
      },
    ]);
    expect(parseEvent(event)).toMatchObject({ kind: 'other', type: 'queue' });
    expect(gateway.queue('jobs').counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(
      gateway.timeline('type:queue,trigger').map(({ type, queue: name, messages }) => [type, name, messages]),
    ).toEqual([
      ['queue', 'jobs', 1],
      ['trigger', 'jobs', 1],
    ]);
  });

  it('collects a batch until it is full, or until the cutoff after its first message', async () => {
    const worker = recorder();
    const { gateway, queue } = await start({
      queues: { jobs: {} },
      triggers: [{ queue: 'jobs', function: worker.handler, batchSize: 3, cutoffMs: 5000 }],
    });
    await queue.send(texts('a', 'b', 'c', 'd'));
    await gateway.idle();
    expect(worker.bodies()).toEqual([['a', 'b', 'c']]);
    await gateway.clock.advance('4s');
    await queue.send(texts('e'));
    await gateway.clock.advance('999ms');
    expect(worker.bodies()).toHaveLength(1);
    await gateway.clock.advance('1ms');
    expect(worker.bodies().slice(1)).toEqual([['d', 'e']]);
  });

  it('calls it in parallel up to its concurrency', async () => {
    const waiting: (() => void)[] = [];
    const worker = recorder(() => new Promise<void>((resolve) => waiting.push(resolve)));
    const { gateway, queue } = await start({
      queues: { jobs: {} },
      triggers: [{ queue: 'jobs', function: worker.handler, concurrency: 2 }],
    });
    await queue.send(texts('a', 'b', 'c'));
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(worker.bodies()).toEqual([['a'], ['b']]);
    expect(gateway.queue('jobs').counts()).toEqual({ visible: 1, inFlight: 2, delayed: 0 });
    waiting.shift()?.();
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (const end of waiting) end();
    await gateway.idle();
    expect(worker.bodies()).toEqual([['a'], ['b'], ['c']]);
  });

  it('calls instances, no more at a time than there are, and outlives one that dies', async () => {
    const { path, remove } = temporaryProject({
      'worker.mjs': `
        let calls = 0;
        export const handler = async ({ messages: [{ details }] }) => {
          if (++calls > 1) throw new Error('two at a time');
          await new Promise((resolve) => setTimeout(resolve, 20));
          calls--;
          if (details.message.body === 'exit' && details.message.attributes.ApproximateReceiveCount === '1') process.exit(1);
        };`,
    });
    closers.push(remove);
    const source = { entry: join(path, 'worker.mjs'), instances: 2, requestsLimit: 2 };
    const { gateway, queue } = await start({
      queues: { jobs: { visibilityMs: 60_000 } },
      triggers: [{ queue: 'jobs', function: 'worker' }],
      spec: {
        openapi: '3.0.0',
        info: { title: 'x', version: '1' },
        paths: {
          '/ws': {
            'x-yc-apigateway-websocket-message': {
              'x-yc-apigateway-integration': { type: 'dummy', http_code: 200, content: {} },
            },
          },
        },
      },
      functions: { worker: source },
    });
    await queue.send(texts('a', 'b', 'exit', 'c', 'd'));
    await gateway.idle();
    const calls = gateway.timeline('type:trigger');
    expect(calls.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 502]);
    expect(new Set(calls.map(({ instance }) => instance)).size).toBeGreaterThan(1);
    await gateway.clock.advance('60s');
    expect(gateway.timeline('type:trigger').at(-1)).toMatchObject({ status: 200, messages: 1 });
    expect(gateway.queue('jobs').messages()).toEqual([]);
  });

  it.each([
    ['snake_case', { data_type: 'String', string_value: 'v' }],
    ['camelCase', { dataType: 'String', stringValue: 'v' }],
  ] as const)('spells attributes of messages in %s', async (attributeNames, attribute) => {
    const worker = recorder();
    const { gateway } = await start({
      queues: { jobs: {} },
      triggers: [{ queue: 'jobs', function: worker.handler, attributeNames }],
    });
    const { url: QueueUrl } = gateway.queue('jobs').access;
    await queryClient(gateway.endpoint)('SendMessage', {
      QueueUrl,
      MessageBody: 'x',
      'MessageAttribute.1.Name': 'k',
      'MessageAttribute.1.Value.DataType': 'String',
      'MessageAttribute.1.Value.StringValue': 'v',
    });
    await gateway.idle();
    expect(worker.events[0]?.messages[0]?.details.message).toMatchObject({
      message_attributes: { k: attribute },
    });
  });

  it('leaves what failed in the queue until its visibility ends, then gives it to the dead letters', async () => {
    const worker = recorder(([body]) => {
      if (body === 'poison') throw new Error('no');
    });
    const { gateway, queue } = await start({
      queues: { jobs: { visibilityMs: 10_000, redrive: { to: 'dead', maxReceives: 3 } }, dead: {} },
      triggers: [{ queue: 'jobs', function: worker.handler }],
    });
    await queue.send(texts('poison', 'fine'));
    await gateway.clock.advance('9999ms');
    expect(worker.bodies()).toEqual([['poison'], ['fine']]);
    await gateway.clock.advance('1ms');
    await gateway.clock.advance('10s');
    expect(worker.events.filter((event) => bodiesOf(event)[0] === 'poison').map(countOf)).toEqual([
      '1',
      '2',
      '3',
    ]);
    expect(gateway.queue('dead').messages()).toEqual([]);
    await gateway.clock.advance('10s');
    expect(worker.events).toHaveLength(4);
    expect(
      gateway
        .queue('dead')
        .messages()
        .map(({ body }) => body),
    ).toEqual(['poison']);
    expect(gateway.queue('jobs').messages()).toEqual([]);
    expect(gateway.timeline('type:queue level:warning').map(({ reason }) => reason)).toEqual([
      "received 3 times and not deleted; moved to 'dead'",
    ]);
    expect(gateway.timeline('type:trigger level:error')).toHaveLength(3);
  });

  it('brings a whole batch back when the function takes too long or its instance is killed', async () => {
    const worker = recorder((_bodies, call) => (call === 1 ? new Promise(() => undefined) : undefined));
    const { gateway, queue } = await start({
      queues: { jobs: { visibilityMs: 30_000 } },
      triggers: [{ queue: 'jobs', function: worker.handler, batchSize: 2 }],
      timeoutMs: 5000,
    });
    gateway.faults.addText('instance.effect=kill instance.times=1');
    await queue.send(texts('a', 'b'));
    await gateway.clock.advance('5s');
    expect(gateway.timeline('type:trigger').map(({ status, fault }) => [status, fault])).toEqual([
      [502, 'instance.effect=kill instance.times=1'],
    ]);
    await gateway.clock.advance('25s');
    expect(worker.bodies().at(-1)).toEqual(['a', 'b']);
    expect(gateway.queue('jobs').counts().inFlight).toBe(0);
  });

  it('delivers the share of messages twice that a fault says, and forgets both', async () => {
    const worker = recorder();
    const { gateway, queue } = await start({
      queues: { jobs: {} },
      triggers: [{ queue: 'jobs', function: worker.handler }],
      faults: 'queue.effect=duplicate queue.rate=0.3 queue.delay=4s queue.name=jobs',
    });
    await queue.send(texts(...Array.from({ length: 100 }, (_, index) => `m${index}`)));
    await gateway.idle();
    expect(worker.events).toHaveLength(100);
    await gateway.clock.advance('4s');
    const again = worker.events.length - 100;
    expect(again).toBeGreaterThan(15);
    expect(again).toBeLessThan(45);
    const ids = worker.events.map((event) => event.messages[0]?.details.message.message_id);
    expect(new Set(ids).size).toBe(100);
    expect(worker.events.slice(100).map(countOf)).toEqual(Array.from({ length: again }, () => '2'));
    expect(gateway.queue('jobs').messages()).toEqual([]);
  });

  it('takes any answer for success, and says when a status looks like none', async () => {
    const { gateway, queue } = await start({
      queues: { jobs: {} },
      triggers: [{ queue: 'jobs', function: recorder(() => ({ statusCode: 500 })).handler }],
    });
    await queue.send(texts('a'));
    await gateway.idle();
    expect(gateway.queue('jobs').messages()).toEqual([]);
    expect(gateway.timeline('type:trigger')[0]).toMatchObject({ status: 200, level: 'warning' });
  });

  it.each([
    [{ jobs: {} }, [{ queue: 'news', function: () => 1 }], "triggers.0.queue: there is no queue 'news'"],
    [
      { jobs: {} },
      [
        { queue: 'jobs', function: () => 1 },
        { queue: 'jobs', broadcast: '/ws' },
      ],
      "triggers.1.queue: 'jobs' has a trigger already",
    ],
    [
      { jobs: {} },
      [{ queue: 'jobs', broadcast: '/news' }],
      "triggers.0.broadcast: there is no websocket path '/news'",
    ],
    [{ jobs: {} }, [{ queue: 'jobs', function: 'd4e0' }], "triggers.0.function: no function 'd4e0'"],
    [{ jobs: {} }, [{ queue: 'jobs.fifo', function: () => 1 }], 'triggers do not accept FIFO queues'],
    [{ jobs: {} }, [{ queue: 'jobs', function: () => 1, batchSize: 1001 }], 'triggers.0'],
    [
      { jobs: { redrive: { to: 'dead', maxReceives: 3 } } },
      [],
      "queues.jobs.redrive.to: there is no other queue 'dead'",
    ],
    [{ 'a b': {} }, [], 'queues.a b'],
  ])('refuses queues %j with triggers %j', async (queues, triggers, problem) => {
    const options = { routes: { '/ws': () => 1 }, queues, triggers };
    await expect(startEmulator(options)).rejects.toThrow(problem);
  });
});

function countOf({ messages }: Event): string | undefined {
  return messages[0]?.details.message.attributes['ApproximateReceiveCount'];
}

describe('a trigger that broadcasts', () => {
  it('sends its envelope to every socket of the path, and to no other', async () => {
    const { gateway, queue } = await start({
      queue: 'live',
      queues: { live: {} },
      triggers: [{ queue: 'live', broadcast: '/rooms/{room}' }],
    });
    const [a, b, other] = [
      await gateway.connect('/rooms/a'),
      await gateway.connect('/rooms/b'),
      await gateway.connect('/ws'),
    ];
    await queue.send(texts('{"type":"goal"}'));
    const frames = [await a.nextJson(), await b.nextJson()] as Event[];
    expect(frames.map(bodiesOf)).toEqual([['{"type":"goal"}'], ['{"type":"goal"}']]);
    await gateway.idle();
    await expect(other.next(50)).rejects.toThrow();
    expect(gateway.timeline('type:trigger')[0]).toMatchObject({
      path: '/rooms/{room}',
      reason: 'to 2 sockets',
    });
  });
});
