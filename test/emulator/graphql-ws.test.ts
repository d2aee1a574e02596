/** The client of graphql-ws, which we did not write, talks to a handler through the local gateway. */
import { afterEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { createGraphqlApp } from '../support/graphql-app.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(): Promise<Emulator> {
  let handler: (event: unknown) => unknown = () => undefined;
  const emulator = await startEmulator({
    routes: { '/graphql': (event) => handler(event) },
    clock: 'manual',
  });
  cleanups.push(emulator.stop);
  const transport = restTransport({ endpoint: emulator.endpoint, token: 't1.any' });
  ({ handler } = createGraphqlApp({ store: memoryStore(), transport }));
  cleanups.push(transport.close);
  return emulator;
}

function clientOf(emulator: Emulator): Client {
  const url = emulator.wsUrl('/graphql');
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false });
  cleanups.push(() => client.dispose());
  return client;
}

/** To the end: a client that stops earlier says so, with one message more. */
async function answerTo(client: Client, query: string): Promise<unknown> {
  let answer: unknown;
  for await (const result of client.iterate({ query })) answer = result;
  return answer;
}

/** What the gateway has been told by clients, as soon as that many messages were handled. */
async function handled(emulator: Emulator, messages: number): Promise<void> {
  while (emulator.timeline().filter(({ type }) => type === 'message').length < messages)
    await new Promise((resolve) => setImmediate(resolve));
}

it('completes a subscription, from the handshake to the end that the client wants', async () => {
  const emulator = await start();
  const [listening, speaking] = [clientOf(emulator), clientOf(emulator)];
  const said = listening.iterate({ query: 'subscription { said }' });
  const first = said.next();
  await handled(emulator, 3); // two connection_init and a subscribe
  expect(await answerTo(speaking, 'mutation { say(text: "hello") }')).toEqual({ data: { say: 1 } });
  expect(await first).toEqual({ done: false, value: { data: { said: 'hello' } } });
  const second = said.next();
  await answerTo(speaking, 'mutation { say(text: "again") }');
  expect(await second).toEqual({ done: false, value: { data: { said: 'again' } } });

  const before = emulator.timeline().filter(({ type }) => type === 'message').length;
  expect(await said.return?.()).toMatchObject({ done: true });
  await handled(emulator, before + 1);
  expect(await answerTo(speaking, 'mutation { say(text: "anybody?") }')).toEqual({ data: { say: 0 } });
});

it('is told of a query that does not fit the schema', async () => {
  const client = clientOf(await start());
  await expect(answerTo(client, '{ nonsense }')).rejects.toMatchObject([
    { message: 'Cannot query field "nonsense" on type "Query".' },
  ]);
});

it('is refused when it speaks another protocol', async () => {
  const emulator = await start();
  const socket = new WebSocket(emulator.wsUrl('/graphql'), 'graphql-ws');
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toBe('Server sent no subprotocol');
});
