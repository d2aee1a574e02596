/**
 * The platform's own broadcast, from the function to the page: queue, trigger, every socket of a path,
 * unwrapped.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { createApp, createBroadcaster, defineContract } from 'yc-broadcast';
import { connect, type Client } from 'yc-broadcast/client';
import { nativeLane } from 'yc-broadcast/client/native';
import { startEmulator, type Emulator, type BroadcastTrigger } from 'yc-broadcast/emulator';
import { pathBroadcaster, type PathBroadcaster } from 'yc-broadcast/native';
import { messageQueue } from 'yc-broadcast/queue/client';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import * as z from 'zod';
import { memoryQueue } from '../support/memory-queue.js';
import { until } from '../support/until.js';

const board = defineContract({
  client: { hello: { data: z.string(), reply: z.string() } },
  server: { score: z.object({ home: z.int() }) },
});
const sockets = WebSocket as unknown as NonNullable<Parameters<typeof nativeLane>[0]>;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface World {
  readonly gateway: Emulator;
  readonly live: PathBroadcaster<typeof board>;
  readonly say: (home: number) => Promise<unknown>;
  open(
    path?: string,
    WebSocketClass?: typeof sockets,
  ): Promise<{ client: Client<typeof board>; heard: number[] }>;
}

async function start(trigger: Pick<BroadcastTrigger, 'batchSize' | 'payload'> = {}): Promise<World> {
  const store = memoryStore();
  const app = createApp({ contract: board, store, origins: 'any' }).on(
    'hello',
    ({ data }) => `hello ${data}`,
  );
  const gateway = await startEmulator({
    routes: { '/board/{match}': app.handler, '/ws': app.handler },
    queues: { live: {} },
    triggers: [{ queue: 'live', broadcast: '/board/{match}', ...trigger }],
  });
  const queue = messageQueue(gateway.queue('live').access);
  closers.push(gateway.stop, queue.close);
  const transport = restTransport({ endpoint: gateway.endpoint, token: 't' });
  const broadcaster = createBroadcaster({ contract: board, store, transport });
  return {
    gateway,
    live: pathBroadcaster({ queue, contract: board }),
    say: (home) => broadcaster.toAll().send('score', { home }),
    async open(path = '/board/7', WebSocketClass = nativeLane(sockets)) {
      const client = connect<typeof board>({ url: gateway.wsUrl(path), WebSocket: WebSocketClass });
      closers.push(client.close);
      const heard: number[] = [];
      client.on('score', ({ home }) => heard.push(home));
      await client.request('hello', 'you');
      return { client, heard };
    },
  };
}

describe('pathBroadcaster', () => {
  it('reaches every client of the path, and says what it does not know', async () => {
    const { gateway, live, open } = await start();
    const [one, two, elsewhere] = [await open('/board/1'), await open('/board/2'), await open('/ws')];
    const sent = await live.send('score', { home: 3 });
    expect(sent).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      bytes: 78,
      queued: true,
      recipients: 'unknown',
      delivered: 'unknown',
      stale: 'unknown',
      failed: 'unknown',
    });
    await until(() => one.heard.length + two.heard.length === 2);
    expect([one.heard, two.heard, elsewhere.heard]).toEqual([[3], [3], []]);
    expect(gateway.timeline('type:trigger')[0]).toMatchObject({
      queue: 'live',
      path: '/board/{match}',
      reason: 'to 2 sockets',
    });
  });

  it('is heard beside replies and ordinary broadcasts, a message of the same id once', async () => {
    const { live, say, open } = await start();
    const { client, heard } = await open();
    await live.send('score', { home: 1 }, { idempotencyKey: 'again' });
    await live.send('score', { home: 1 }, { idempotencyKey: 'again' });
    await until(() => heard.length === 1);
    await say(2);
    await until(() => heard.length === 2);
    expect(await client.request('hello', 'me')).toBe('hello me');
    expect(heard).toEqual([1, 2]);
  });

  it('unwraps all messages of a batch', async () => {
    const { live, open } = await start({ batchSize: 3 });
    const { heard } = await open();
    await Promise.all([1, 2, 3].map((home) => live.send('score', { home })));
    await until(() => heard.length === 3);
    expect(heard.sort()).toEqual([1, 2, 3]);
  });

  it('needs no unwrapping where a transformer sends the body', async () => {
    const { live, open } = await start({ payload: 'body' });
    const [plain, wrapped] = [await open('/board/1', sockets), await open('/board/2')];
    await live.send('score', { home: 4 });
    await until(() => plain.heard.length + wrapped.heard.length === 2);
    expect([plain.heard, wrapped.heard]).toEqual([[4], [4]]);
  });

  it('is lost, and said to be, when nobody is connected or it does not fit', async () => {
    const { gateway } = await start();
    const queue = messageQueue(gateway.queue('live').access);
    closers.push(queue.close);
    await queue.send([{ body: '{}' }, { body: JSON.stringify('x'.repeat(140_000)) }]);
    await until(() => gateway.timeline('type:trigger').length === 2);
    expect(gateway.timeline('type:trigger').map(({ reason }) => reason)).toEqual([
      'no connections; the message is lost',
      expect.stringMatching(/^\d+ bytes, a WebSocket message can have 131072; lost$/),
    ]);
    expect(gateway.queue('live').messages()).toEqual([]);
  });

  it.each([
    [{ batchSize: 1 }, 98_000],
    [{ batchSize: 10 }, 8_000],
    [{ maxFrameBytes: 20_000 }, 18_000],
  ])('refuses with %j what would not fit into a frame', async (options, fits) => {
    const queue = memoryQueue();
    const live = pathBroadcaster({ queue, ...options });
    await live.send('text', 'x'.repeat(fits));
    await expect(live.send('text', 'x'.repeat(fits + 1000))).rejects.toThrow('PAYLOAD_TOO_LARGE');
    // Quotes are escaped twice on their way.
    await expect(live.send('text', '"'.repeat(fits / 2))).rejects.toThrow('PAYLOAD_TOO_LARGE');
    expect(queue.sent).toBe(1);
  });

  it('keeps to the contract, and passes on what the queue says', async () => {
    const queue = memoryQueue();
    const live = pathBroadcaster({ queue, contract: board });
    await expect(live.send('score', { home: 'three' } as never)).rejects.toThrow(
      "data of 'score' does not fit",
    );
    queue.failNext();
    await expect(live.send('score', { home: 3 })).rejects.toThrow('QUEUE_UNAVAILABLE');
    await expect(live.send('score', { home: 3 }, { signal: AbortSignal.abort() })).rejects.toThrow('ABORTED');
    await expect(live.send('score', { home: 3 }, { retries: 3 } as never)).rejects.toThrow('retries');
    expect(() => pathBroadcaster({ queue: {} as never })).toThrow('pathBroadcaster.queue');
  });
});

describe('nativeLane', () => {
  let heard: unknown[];
  let arrive: (data: unknown) => void;

  beforeEach(() => {
    heard = [];
    let inner: ((event: { data: unknown }) => void) | undefined;
    /** As in browsers, `onmessage` is an accessor of the prototype. */
    class ScriptedSocket {
      binaryType = 'blob';
      set onmessage(listener: (event: { data: unknown }) => void) {
        inner = listener;
      }
    }
    const socket = new (nativeLane(ScriptedSocket as never))('wss://x', []);
    socket.onmessage = ({ data }: { data: unknown }) => heard.push(data);
    expect(Reflect.get(socket, 'binaryType')).toBe('arraybuffer');
    arrive = (data) => inner?.({ data });
  });

  const envelope =
    '{"messages":[{"details":{"message":{"body":"one"}}},{"details":{"message":{"body":"two"}}}]}';

  it.each<[string, unknown, unknown[]]>([
    ['messages of an envelope, one by one', envelope, ['one', 'two']],
    ['an envelope in a binary frame', new TextEncoder().encode(envelope).buffer, ['one', 'two']],
    ['a plain message as it is', '{"type":"said"}', ['{"type":"said"}']],
    ['the envelope of a timer as it is', '{"messages":[{"details":{}}]}', ['{"messages":[{"details":{}}]}']],
    ['what only begins like an envelope as it is', '{"messages":[', ['{"messages":[']],
  ])('hears %s', (_what, data, messages) => {
    arrive(data);
    expect(heard).toEqual(messages);
  });
});
