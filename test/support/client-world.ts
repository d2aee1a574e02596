/** A client, the server that it talks to, and the time between them. */
import { connect, type Client, type ConnectOptions, type ClientStateChange } from 'yc-broadcast/client';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { createFakeServer, type FakeServer, type SentMessage } from './fake-server.js';

export interface ClientWorld {
  readonly client: Client;
  readonly server: FakeServer;
  readonly clock: FakeClock;
  /** Every change of state. */
  readonly states: ClientStateChange[];
  /** Failures that nobody waits for. */
  readonly errors: string[];
  /** Messages of the application that the newest socket got. */
  sent(type?: string): SentMessage[];
}

/** A client that has not connected yet: it does as soon as the clock advances. */
export function createWorld(
  options: Partial<ConnectOptions> = {},
  prepare: (server: FakeServer) => void = () => undefined,
): ClientWorld {
  const clock = createFakeClock();
  const server = createFakeServer();
  prepare(server);
  const client = connect({
    url: 'wss://gateway.example/ws',
    WebSocket: server.WebSocket,
    clock,
    random: () => 0.5,
    ...options,
  });
  const states: ClientStateChange[] = [];
  const errors: string[] = [];
  client.onState((change) => states.push(change));
  client.onError(({ code }) => errors.push(code));
  return {
    client,
    server,
    clock,
    states,
    errors,
    sent: (type) =>
      server.socket.sent.filter((message) =>
        type === undefined ? !message.type.startsWith('$') : message.type === type,
      ),
  };
}

/** A client that is open. */
export async function openWorld(
  options: Partial<ConnectOptions> = {},
  prepare?: (server: FakeServer) => void,
): Promise<ClientWorld> {
  const world = createWorld(options, prepare);
  await world.clock.advance(0);
  return world;
}
