/**
 * Any room, type and id: a name is never taken for a property, an event of the client's own, or another name.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openWorld } from '../support/client-world.js';
import { createFakeRooms } from '../support/fake-rooms.js';

const PROPERTIES = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...['prototype', 'length', 'then', 'toJSON', '0', '1', '-1', 'undefined', 'null', ' ', ' order'],
];
const ODD = ['ы'.repeat(512), 'a/b?c#d%00', '👩‍👩‍👧', '\u2028', '"\\', 'a\u0301', '\ufeffx'];

const name = fc.oneof(
  fc.constantFrom(...PROPERTIES, ...ODD),
  fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }).filter((text) => !text.includes('\0')),
);
/** The protocol's own are not for applications. */
const type = name.filter((text) => !text.startsWith('$') && text !== 'reply' && text !== 'error');

it('rooms, types and ids of any name are kept apart, and heard once', async () => {
  await fc.assert(
    fc.asyncProperty(name, name, type, type, name, async (one, two, said, other, id) => {
      fc.pre(one !== two && said !== other);
      const world = await openWorld({}, createFakeRooms);
      const { client, server, clock } = world;
      const heard: string[] = [];
      for (const room of [one, two]) {
        const handle = client.join(room);
        for (const event of [said, other])
          handle.on(event, (data) => heard.push(`${String(data)} room ${event}`));
        await handle.joined;
      }
      client.on(said, (data) => heard.push(`${String(data)} client ${said}`));
      const frame = { type: said, data: 'hi', id, room: one };
      server.socket.say(frame);
      server.socket.say(frame);
      expect(heard.sort()).toEqual([`hi client ${said}`, `hi room ${said}`].sort());

      // The same in both directions, and after a break, with the rooms in the hello.
      const { answer } = server;
      server.answer = (message, socket) => {
        if (message.type === said) socket.reply(message, message.data);
        else answer(message, socket);
      };
      const options = { id: id.slice(0, 64), order: two };
      expect(await client.request(said, { room: one }, options)).toEqual({ room: one });
      server.socket.end();
      await clock.advance(2000);
      const [hello] = world.sent('$hello');
      const { rooms } = hello?.data as { readonly rooms: object };
      expect(Object.keys(rooms).sort()).toEqual([one, two].sort());
      expect(client.state).toBe('open');
      client.close();
    }),
    { numRuns: Number(process.env.YC_BROADCAST_NAME_RUNS ?? 200) },
  );
}, 120_000);
