/** Who may not join a room is told which room, and which option says so. */
import { describe, expect, it } from '@jest/globals';
import { createApp, defineContract, type AppOptions } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { createTestKit } from 'yc-broadcast/testing';

const contract = defineContract({ client: {}, server: {} });

async function ask(options: Partial<AppOptions<typeof contract>>, frame: object): Promise<unknown> {
  const kit = createTestKit(({ transport, now }) =>
    createApp({ contract, store: memoryStore({ now }), transport, now, origins: 'any', ...options }),
  );
  const client = await kit.connect();
  await client.send(JSON.stringify(frame));
  return JSON.parse(String(await client.expectFrame())) as unknown;
}

const closed = { code: 'FORBIDDEN', message: "rooms.join does not open room 'lobby' to clients" };
const refused = { code: 'FORBIDDEN', message: "authorize refused room 'lobby'" };
const authorized = { rooms: { join: true }, authorize: () => false } as const;

describe('a refused join', () => {
  it.each([
    ['an app without rooms.join', {}, closed],
    ['authorize', authorized, refused],
  ])('names the room and the option, by %s', async (_name, options, error) => {
    expect(await ask(options, { type: '$join', id: 'j', data: { room: 'lobby' } })).toEqual({
      type: 'error',
      replyTo: 'j',
      error,
    });
    const hello = { type: '$hello', id: 'h', data: { v: 1, rooms: { lobby: null } } };
    expect(await ask(options, hello)).toMatchObject({ data: { rooms: { lobby: { error } } } });
  });

  it('names presence where a room does not show who is there', async () => {
    const kit = createTestKit(({ transport }) => {
      const app = createApp({ contract, store: memoryStore(), transport, origins: 'any' });
      app.onConnect(async ({ join }) => {
        await join('lobby');
      });
      return app;
    });
    const client = await kit.connect();
    await client.send(JSON.stringify({ type: '$presence', id: 'p', data: { room: 'lobby' } }));
    expect(await client.expectError('FORBIDDEN')).toEqual({
      code: 'FORBIDDEN',
      message: "rooms.presence does not show who is in room 'lobby'",
    });
  });
});
