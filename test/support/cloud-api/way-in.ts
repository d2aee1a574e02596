/** An HTTP proxy by which clients reach the stand-in where they know no other address than the cloud's. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { Socket } from 'node:net';

export interface WayIn {
  readonly url: string;
  close(): void;
}

/** @param ports Of this machine, by the `host:port` that they stand for; everything else is refused. */
export async function startWayIn(ports: Readonly<Record<string, number>>): Promise<WayIn> {
  const tunnels = new Set<Socket>();
  const server = createServer().on('connect', ({ url = '' }, near: Socket) => {
    const port = ports[url];
    if (port === undefined) return void near.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const far = connect(port, '127.0.0.1', () => near.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      tunnels.add(one);
      one.pipe(other);
      one
        .on('error', () => undefined)
        .on('close', () => {
          tunnels.delete(one);
          other.destroy();
        });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      for (const socket of tunnels) socket.destroy();
    },
  };
}
