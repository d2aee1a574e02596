/**
 * People who write faster than the gateway takes it: the chat as `npm start` runs it, and the client that its
 * page has.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { connect, type Client } from 'yc-broadcast/client';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { WebSocket } from 'ws';
import type { chat } from '../../examples/chat/contract.js';
import { protocolsOf } from '../support/chat.js';
import { until } from '../support/until.js';

const MESSAGES = 150;
const AUTHORS = ['Anna', 'Boris'];

let emulator: Emulator;
const clients: Client<typeof chat>[] = [];

beforeAll(async () => {
  emulator = await startEmulator({
    routes: { '/ws': { entry: fileURLToPath(new URL('../../examples/chat/handler.ts', import.meta.url)) } },
    store: true,
  });
}, 60_000);

afterAll(async () => {
  for (const client of clients) client.close();
  await emulator.stop();
});

/** Enters the lobby. Returns what is heard there, in its order. */
async function enter(name: string) {
  const client = connect<typeof chat>({
    url: emulator.wsUrl(`/ws?name=${name}`),
    protocols: protocolsOf(`the-secret-key-of-${name}`),
    WebSocket: class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { origin: emulator.url });
      }
    },
  });
  clients.push(client);
  const heard: string[] = [];
  const room = client.join('lobby');
  room.on('said', ({ from, text }) => heard.push(`${from.name} ${text}`));
  await room.joined;
  return { name, client, heard };
}

it(`${MESSAGES} quick messages of each author all arrive, in the author's order, and in one order for everybody`, async () => {
  const people = await Promise.all(AUTHORS.map(enter));
  const listener = await enter('Clara');
  const answers = people.flatMap(({ client }) =>
    Array.from({ length: MESSAGES }, (_, n) => client.request('say', { room: 'lobby', text: String(n) })),
  );
  expect(await Promise.allSettled(answers)).toEqual(
    answers.map(() => expect.objectContaining({ status: 'fulfilled' }) as unknown),
  );
  await until(() => listener.heard.length >= MESSAGES * AUTHORS.length);
  for (const name of AUTHORS)
    expect(listener.heard.filter((said) => said.startsWith(name))).toEqual(
      Array.from({ length: MESSAGES }, (_, n) => `${name} ${n}`),
    );
  for (const { heard } of people) {
    await until(() => heard.length >= MESSAGES * AUTHORS.length);
    expect(heard).toEqual(listener.heard);
  }
}, 90_000);
