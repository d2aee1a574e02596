/** A way to a local server that can go silent or be cut, as the network between a function and its database may. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Connections that are open now stay open and carry nothing any more. New ones are not affected. */
  silence(): void;
  /** Ends all connections that are open now. */
  cut(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<readonly [Socket, Socket]>();
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    const both = [near, far] as const;
    open.add(both);
    near.pipe(far).pipe(near);
    for (const socket of both) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(both);
        for (const each of both) each.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function cut(): void {
    for (const both of open) for (const socket of both) socket.destroy();
  }

  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      for (const both of open) {
        for (const socket of both) {
          socket.unpipe();
          socket.resume();
        }
      }
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
