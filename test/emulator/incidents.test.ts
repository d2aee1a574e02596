/** What the presets do to code that is written as samples are, and to the same room kept by this library. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createApp } from 'yc-broadcast';
import { startEmulator, type Emulator, type FaultPreset, type TestClient } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Event {
  readonly body?: string;
  readonly requestContext: { readonly eventType: string; readonly connectionId: string };
}
interface Room {
  readonly emulator: Emulator;
  /** How many the code believes to be in the room. */
  members(): Promise<number>;
}

/** A table of connections; whoever cannot be sent to is deleted. Seen in public code. */
async function naiveRoom(): Promise<Room> {
  const members = new Set<string>();
  const send = async (id: string, data: string): Promise<void> => {
    const response = await fetch(`${emulator.endpoint}/apigateways/websocket/v1/connections/${id}:send`, {
      method: 'POST',
      headers: { authorization: 'Bearer x' },
      body: JSON.stringify({ data: Buffer.from(data).toString('base64'), type: 'TEXT' }),
    });
    if (!response.ok) members.delete(id);
  };
  const handler = async ({ body = '', requestContext }: Event): Promise<unknown> => {
    const { eventType, connectionId } = requestContext;
    if (eventType === 'CONNECT') members.add(connectionId);
    else if (eventType === 'DISCONNECT') members.delete(connectionId);
    else await Promise.all([...members].map((id) => send(id, body)));
    return { statusCode: 200 };
  };
  const emulator = await startEmulator({ routes: { '/ws': handler } });
  cleanUps.push(() => emulator.stop());
  return { emulator, members: async () => members.size };
}

async function libraryRoom(): Promise<Room> {
  const gateway = { endpoint: '' };
  const store = memoryStore();
  const transport = restTransport({ endpoint: () => gateway.endpoint });
  const app = createApp({ store, transport, origins: 'any' });
  app.onConnect(({ join }) => join('room'));
  app.onMessage(async ({ body, to }) => {
    await to('room').sendRaw(body);
  });
  const emulator = await startEmulator({ routes: { '/ws': app.handler } });
  gateway.endpoint = emulator.endpoint;
  cleanUps.push(transport.close, () => emulator.stop());
  return {
    emulator,
    async members() {
      const report = await app.broadcaster.to('room').sendRaw('roll call');
      return report.recipients - report.stale;
    },
  };
}

const ROOMS = { naive: naiveRoom, 'of this library': libraryRoom };
const SIZE = 20;

async function fill(room: Room, preset: FaultPreset): Promise<TestClient[]> {
  room.emulator.faults.preset(preset);
  return Promise.all(Array.from({ length: SIZE }, () => room.emulator.connect('/ws')));
}

describe('flaky-api', () => {
  async function membersAfter(room: Room): Promise<number> {
    const [speaker] = (await fill(room, 'flaky-api')) as [TestClient];
    for (let i = 0; i < 6; i++) {
      speaker.send('hello');
      await room.emulator.idle();
    }
    room.emulator.faults.clear();
    expect(room.emulator.connections()).toHaveLength(SIZE);
    return room.members();
  }

  it('costs a naive room half of its people and more, though all of them are there', async () => {
    expect(await membersAfter(await naiveRoom())).toBeLessThanOrEqual(SIZE / 2);
  });

  it('costs a room of this library nobody', async () => {
    expect(await membersAfter(await libraryRoom())).toBe(SIZE);
  });
});

describe('lost-disconnects', () => {
  it.each<[keyof typeof ROOMS, number]>([
    ['naive', SIZE],
    ['of this library', SIZE - 5],
  ])('lets a room that is %s believe in %d people when five have left', async (kind, believed) => {
    const room = await ROOMS[kind]();
    const clients = await fill(room, 'lost-disconnects');
    for (const client of clients.slice(0, 5)) {
      client.close();
      await client.closed;
    }
    await room.emulator.idle();
    expect(room.emulator.timeline({ type: 'disconnect', fault: 'disconnect.effect=lost' })).toHaveLength(5);
    expect(await room.members()).toBe(believed);
  });
});
