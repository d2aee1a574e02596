import type { SocketConnections } from '../sockets/connections.js';
import { connectTestClient, type TestClientOptions, type TestClient } from './test-client.js';

/** The sockets that tests have opened. */
export interface TestClients {
  connect(path: string, options?: TestClientOptions): Promise<TestClient>;
  /** Handshakes of theirs, and frames between them and the gateway, in either direction. */
  onTheWay(): number;
}

export function createTestClients(port: number, connections: Pick<SocketConnections, 'get'>): TestClients {
  const clients = new Set<{ readonly client: TestClient; readonly id: string; sent: number }>();
  let connecting = 0;

  return {
    async connect(path, options = {}) {
      connecting++;
      const client = await connectTestClient(`ws://127.0.0.1:${port}${path}`, options).finally(
        () => connecting--,
      );
      const entry = { client, id: client.id, sent: 0 };
      clients.add(entry);
      void client.closed.then(() => clients.delete(entry));
      return {
        ...client,
        subprotocol: client.subprotocol,
        send(message) {
          entry.sent++;
          client.send(message);
        },
      };
    },
    onTheWay() {
      let count = connecting;
      for (const { client, id, sent } of clients) {
        const connection = connections.get(id);
        if (connection !== undefined)
          count += Math.max(0, sent - connection.received) + Math.max(0, connection.sent - client.received());
      }
      return count;
    },
  };
}
