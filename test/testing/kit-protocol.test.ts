/** The test kit speaks as the browser's client does: ids that `once` takes, and rooms that are joined. */
import { AssertionError } from 'node:assert';
import { expect, it } from '@jest/globals';
import { createApp, defineContract } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { createTestKit, type TestKit } from 'yc-broadcast/testing';
import * as z from 'zod/mini';

const contract = defineContract({
  client: { order: { data: z.string(), reply: z.int(), once: true }, ping: z.undefined() },
  server: { said: z.object({ text: z.string() }) },
});

function createKit(): { kit: TestKit<typeof contract>; orders: string[] } {
  const orders: string[] = [];
  const kit = createTestKit(({ transport, now }) => {
    const store = memoryStore({ now });
    const history = { maxEntries: 10, maxAgeMs: 60_000 };
    const rooms = { join: (room: string) => room === 'lobby', history };
    const app = createApp({ contract, store, transport, now, origins: 'any', rooms });
    return app
      .on('order', ({ data }) => orders.push(data))
      .on('ping', async ({ to }) => {
        await to('lobby').send('said', { text: 'pong' });
      });
  });
  return { kit, orders };
}

it('gives each push an id that once takes, of whichever client', async () => {
  const { kit, orders } = createKit();
  const [anna, boris] = [await kit.connect(), await kit.connect()];
  await anna.push('order', 'tea');
  await anna.push('order', 'milk');
  await boris.push('order', 'tea');
  await boris.expectReply('order', z.int().parse(3));
  expect(orders).toEqual(['tea', 'milk', 'tea']);
});

it('sends a message again under the id that it is given', async () => {
  const { kit, orders } = createKit();
  const anna = await kit.connect();
  const id = 'order-0000000001';
  for (let times = 0; times < 2; times++) {
    await anna.push('order', 'tea', { id });
    expect(await anna.expectReply('order')).toBe(1);
  }
  expect(orders).toEqual(['tea']);
});

it('joins a room, hears it, and gets what it missed', async () => {
  const { kit } = createKit();
  const [anna, boris] = [await kit.connect(), await kit.connect()];
  const { position } = await anna.join('lobby');
  await boris.push('ping');
  await anna.expectBroadcast('said', { text: 'pong' });
  const { messages } = await boris.join('lobby', position ?? undefined);
  expect(messages.map(({ data }) => data)).toEqual([{ text: 'pong' }]);
});

it('says why a room cannot be joined', async () => {
  const { kit } = createKit();
  const anna = await kit.connect();
  const refused = anna.join('vip');
  await expect(refused).rejects.toThrow(AssertionError);
  await expect(refused).rejects.toThrow(/rooms\.join does not open room 'vip'/);
});
