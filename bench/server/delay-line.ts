/**
 * Passes bytes on to a server, and its answers back after a while: a network with latency. A process of its
 * own.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { jobGiven, say } from '../processes.js';

export interface DelayLineJob {
  readonly port: number;
  readonly delayMs: number;
}

const { port, delayMs } = jobGiven() as DelayLineJob;

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
  client.pipe(upstream);
  upstream.on('data', (chunk) => {
    setTimeout(() => client.write(chunk), delayMs);
  });
  upstream.on('close', () => setTimeout(() => client.end(), delayMs));
  endTogether(client, upstream);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  void say({ port: (server.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit());

function endTogether(client: Socket, upstream: Socket): void {
  client.on('error', () => upstream.destroy());
  client.on('close', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
}
