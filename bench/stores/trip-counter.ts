import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a store and its server and counts how often the store has to wait for an answer. */
export interface TripCounter {
  /** The server's address, by way of the counter. */
  readonly address: string;
  /** Round trips so far, on all connections together. */
  trips(): number;
  close(): Promise<void>;
}

/**
 * How long answers are held back, so that everything that is sent together has left before the first one
 * comes.
 */
const LATENCY_MS = 3;

/**
 * A round trip begins with the first bytes that a store sends after an answer. What it sends without waiting
 * for one, in a pipeline or on several connections, is the same round trip; so the store must be asked for
 * one thing at a time.
 */
export async function startTripCounter(server: string): Promise<TripCounter> {
  const target = new URL(server);
  const open = new Set<Socket>();
  let count = 0;
  let isWaiting = false;

  const proxy = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    near.on('data', (chunk) => {
      if (!isWaiting) count++;
      isWaiting = true;
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      setTimeout(() => {
        isWaiting = false;
        near.write(chunk);
      }, LATENCY_MS);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.setNoDelay().on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  const own = new URL(server);
  own.port = String((proxy.address() as AddressInfo).port);
  return {
    address: own.href,
    trips: () => count,
    async close() {
      for (const socket of open) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
