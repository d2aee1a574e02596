/** How the queue's client makes batches, what it repeats, and what it says when it gives up. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { messageQueue, type MessageQueueOptions } from 'yc-broadcast/queue/client';
import { queueJson } from '../../src/queue/message-queue.js';
import {
  scriptedQueue,
  type QueueAnswer,
  type QueueRequest,
  type ScriptedQueue,
} from '../support/scripted-queue.js';

const KEY = { accessKeyId: 'YCAJEkey', secretAccessKey: 'secret-key' };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(
  answer: (request: QueueRequest, index: number) => QueueAnswer,
  options: MessageQueueOptions = {},
): Promise<{ server: ScriptedQueue; queue: ReturnType<typeof messageQueue> }> {
  const server = await scriptedQueue(answer);
  const queue = messageQueue({ url: server.url, credentials: KEY, ...options });
  closers.push(server.close, queue.close);
  return { server, queue };
}

function bodies(count: number, length = 0): { body: string }[] {
  return Array.from({ length: count }, (_, index) => ({ body: `body-${index}`.padEnd(length, 'x') }));
}

async function failureOf(call: Promise<unknown>): Promise<Error & { code?: string }> {
  return call.then(
    () => new Error('did not fail'),
    (error: unknown) => error as Error,
  );
}

describe('messageQueue', () => {
  it('puts messages in order into batches of 10, signed for SQS', async () => {
    const { server, queue } = await open(() => 'take');
    await queue.send([{ body: 'late & <ünsafe>', delaySeconds: 900 }, ...bodies(22)]);
    expect(server.requests.map(({ entries }) => entries.length).sort()).toEqual([10, 10, 3]);
    const first = server.requests.find(({ entries }) => entries[0]?.body === 'late & <ünsafe>');
    expect(first?.entries.slice(0, 2).map(({ delay }) => delay)).toEqual(['900', undefined]);
    expect(first?.queueUrl).toBe(server.url);
    expect(first?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=YCAJEkey\/\d{8}\/ru-central1\/sqs\/aws4_request/,
    );
    expect(new Set(server.taken).size).toBe(23);
  });

  it('keeps a batch within 256 KiB of UTF-8', async () => {
    const { server, queue } = await open(() => 'take');
    await queue.send([...bodies(3, 131_072), { body: 'ж'.repeat(131_072) }]);
    const sizes = server.requests.map(({ entries }) => entries.map(({ body }) => Buffer.byteLength(body)));
    expect(sizes.map(String).sort()).toEqual(['131072', '131072,131072', '262144']);
  });

  it.each([
    ['throttling', { status: 403, code: 'ThrottlingException' }],
    ['an outage', { status: 503, code: 'ServiceUnavailable' }],
    ['a gateway without words', { status: 502, code: '' }],
    ['a connection that is cut', 'cut'],
  ] as const)('repeats a batch after %s', async (_what, trouble) => {
    const { server, queue } = await open((_request, index) => (index < 2 ? trouble : 'take'));
    await queue.send(bodies(3));
    expect(server.requests).toHaveLength(3);
    expect(server.taken).toEqual(['body-0', 'body-1', 'body-2']);
  });

  it('repeats only what a batch has left', async () => {
    const { server, queue } = await open((_request, index) =>
      index === 0 ? { failed: { 1: 'InternalError', 3: 'ThrottlingException' } } : 'take',
    );
    await queue.send(bodies(5));
    expect(server.requests.map(({ entries }) => entries.map(({ body }) => body))).toEqual([
      ['body-0', 'body-1', 'body-2', 'body-3', 'body-4'],
      ['body-1', 'body-3'],
    ]);
    expect(new Set(server.taken).size).toBe(5);
  });

  it('sends again what may be in the queue already', async () => {
    const { server, queue } = await open((_request, index) => (index === 0 ? 'take-and-cut' : 'take'));
    await queue.send(bodies(1));
    expect(server.taken).toEqual(['body-0', 'body-0']);
  });

  it.each([
    ['UNAUTHENTICATED', { status: 403, code: 'InvalidClientTokenId' }],
    ['FORBIDDEN', { status: 400, code: 'AccessDeniedException' }],
    ['INVALID_OPTIONS', { status: 400, code: 'AWS.SimpleQueueService.NonExistentQueue' }],
    ['UNKNOWN', { status: 400, code: 'InvalidParameterValue' }],
    ['UNKNOWN', { failed: { 0: 'InvalidMessageContents' } }],
  ] as const)('gives up at once with %s', async (code, refusal) => {
    const { server, queue } = await open((_request, index) => (index === 0 ? 'take' : refusal), {
      maxCallsPerSecond: 4,
    });
    const error = await failureOf(queue.send(bodies(30)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/queue 'jobs' accepted \d+ of 30 messages/);
    expect(server.requests).toHaveLength(2);
  });

  it('says how many were taken when time is up, and neither a key nor a body', async () => {
    const { queue } = await open(({ entries }) =>
      entries[0]?.body === 'body-0' ? 'take' : { status: 403, code: 'ThrottlingException' },
    );
    const error = await failureOf(queue.send(bodies(20), { deadline: Date.now() + 1000 }));
    expect(error.code).toBe('QUEUE_UNAVAILABLE');
    expect(error.message).toContain("queue 'jobs' accepted 10 of 20 messages: the queue is throttled");
    expect(inspect(error, { depth: 9 })).not.toMatch(/secret|YCAJE|body-/);
  });

  it('ends when the signal comes, in mid-request too', async () => {
    const { queue } = await open(() => 'hang');
    const startedAt = performance.now();
    const error = await failureOf(queue.send(bodies(20), { signal: AbortSignal.timeout(100) }));
    expect(error.message).toContain('ABORTED');
    expect(error.message).toContain('accepted 0 of 20');
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('ends at the deadline while a request hangs, and asks nobody after it', async () => {
    const { server, queue } = await open(() => 'hang');
    const error = await failureOf(queue.send(bodies(1), { deadline: Date.now() + 500 }));
    expect(error.message).toContain('no answer in time');
    expect((await failureOf(queue.send(bodies(1), { deadline: Date.now() - 1 }))).message).toContain(
      'no time was left',
    );
    expect(server.requests).toHaveLength(1);
  });

  it('spreads a burst over the time that the rate allows, whoever sends', async () => {
    const { server, queue } = await open(() => 'take', { maxCallsPerSecond: 100 });
    await Promise.all([queue.send(bodies(900)), queue.send(bodies(900)), queue.send(bodies(400))]);
    const times = server.requests.map(({ at }) => at).sort((a, b) => a - b);
    expect(times).toHaveLength(220);
    // However requests are held up on their way: so many take at least so long.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(2000);
    expect(times.filter((at) => at < (times[0] ?? 0) + 50).length).toBeLessThan(40);
  });

  it.each([
    ['PAYLOAD_TOO_LARGE', 'messages[1].body: has 262145 bytes', { body: 'x'.repeat(262_145) }],
    ['INVALID_OPTIONS', 'messages[1].body: expected a non-empty text', { body: '' }],
    ['INVALID_OPTIONS', 'messages[1].body: holds a character', { body: 'bell \u0007' }],
    ['INVALID_OPTIONS', 'messages[1].body: holds a character', { body: 'half \ud83d' }],
    ['INVALID_OPTIONS', 'messages[1].delaySeconds', { body: 'x', delaySeconds: 901 }],
    ['INVALID_OPTIONS', 'messages[1].delaySeconds', { body: 'x', delaySeconds: 0.5 }],
  ])('refuses with %s: %s, before anything is sent', async (code, problem, message) => {
    const { server, queue } = await open(() => 'take');
    const error = await failureOf(queue.send([{ body: 'fine' }, message]));
    expect(error.message).toContain(`${code}: send: ${problem}`);
    expect(server.requests).toHaveLength(0);
  });

  it('takes any JSON that queueJson has made', async () => {
    const { server, queue } = await open(() => 'take');
    const value = { odd: '\u0000\u0007\ud83d \uFFFE\uFFFF 🙂' };
    await queue.send([{ body: queueJson(value) }]);
    expect(JSON.parse(server.taken[0] ?? '')).toEqual(value);
  });

  describe('without options', () => {
    const before = { ...process.env };
    afterEach(() => {
      process.env = { ...before };
    });

    it('finds address and key in the environment, and one queue of several by its name', async () => {
      const { server } = await open(() => 'take');
      process.env['YC_BROADCAST_QUEUE_URL_LIVE_NEWS'] = server.url;
      process.env['AWS_ACCESS_KEY_ID'] = 'YCAJEaws';
      process.env['AWS_SECRET_ACCESS_KEY'] = 'x';
      await messageQueue({ name: 'live-news' }).send(bodies(1));
      process.env['YC_BROADCAST_QUEUE_URL'] = server.url;
      process.env['YC_BROADCAST_QUEUE_ACCESS_KEY_ID'] = 'YCAJEown';
      process.env['YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY'] = 'x';
      await messageQueue().send(bodies(1));
      expect(server.requests.map(({ authorization }) => /YCAJE\w+/.exec(authorization)?.[0])).toEqual([
        'YCAJEaws',
        'YCAJEown',
      ]);
    });

    it.each([
      [{}, 'messageQueue.url: give the address of the queue, or set YC_BROADCAST_QUEUE_URL'],
      [{ name: 'a.b' }, 'set YC_BROADCAST_QUEUE_URL_A_B'],
      [{ url: 'ftp://x/y' }, 'messageQueue.url: expected an address'],
      [{ url: 'https://x/y' }, 'messageQueue.credentials: give a static key'],
      [{ url: 'https://x/y', regoin: 'a' }, 'regoin'],
    ])('says what %j lacks', (options, problem) => {
      expect(() => messageQueue(options)).toThrow(problem);
    });
  });
});
