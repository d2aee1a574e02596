/**
 * `CONNECT`, as clients ask a proxy: for a redirected host this gateway answers, for any other they get the
 * real one.
 */
import { connect, type Socket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { connectThrough, upstreamProxy } from './upstream-proxy.js';

export interface Tunnels {
  /** Handles a `CONNECT` request. */
  open(request: IncomingMessage, client: Duplex, head: Buffer): void;
  /** Cuts what is open. */
  close(): void;
}

/**
 * @param portFor The port of this gateway for `host:port`, or `undefined` for those that are none of its
 * business.
 */
export function createTunnels(portFor: (address: string) => number | undefined): Tunnels {
  const open = new Set<Duplex>();

  async function begin(address: string, client: Duplex, head: Buffer): Promise<void> {
    const server = await reach(address, portFor(address));
    if (client.destroyed) {
      server.destroy();
      return;
    }
    server.setNoDelay(true);
    open.add(server);
    server.on('close', () => {
      open.delete(server);
      client.destroy();
    });
    client.on('close', () => server.destroy());
    for (const socket of [server, client]) socket.on('error', () => socket.destroy());
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    server.write(head);
    client.pipe(server);
    server.pipe(client);
  }

  return {
    open({ url = '' }, client, head) {
      client.on('error', () => client.destroy());
      begin(url, client, head).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        client.end(
          `HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${reason}\n`,
        );
      });
    },
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}

function reach(address: string, port: number | undefined): Promise<Socket> {
  if (port !== undefined) return connected(connect(port, '127.0.0.1'));
  const proxy = upstreamProxy(process.env);
  if (proxy !== undefined) return connectThrough(proxy, address);
  const { hostname, port: wanted } = new URL(`http://${address}`);
  return connected(connect(Number(wanted === '' ? 80 : wanted), hostname.replace(/^\[|\]$/g, '')));
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
