/** A wire between a client and a server that a test can damage. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Connections that were ever made. */
  connections(): number;
  /** Resets all connections, as a network does that has forgotten them. */
  reset(): void;
  /** Carries nothing on the connections that there are, without a word to either side. New ones work. */
  freeze(): void;
  /** Connections from now on lead to another port. */
  retarget(port: number): void;
  /**
   * Swallows what the server answers next, and resets that connection. New ones wait until `meanwhile` is
   * over.
   */
  loseNextAnswer(meanwhile?: () => Promise<void>): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let to = target;
  let count = 0;
  let losing: (() => Promise<void>) | undefined;
  let held = Promise.resolve();
  const server = createServer((near) => {
    count++;
    near.on('error', () => undefined);
    void held.then(() => {
      carry(near);
    });
  }).listen(0, '127.0.0.1');

  function carry(near: Socket): void {
    const far = connect(to, '127.0.0.1');
    open.add(near);
    near.pipe(far);
    far.on('data', (chunk) => {
      if (losing === undefined) return void near.write(chunk);
      held = losing();
      losing = undefined;
      near.resetAndDestroy();
    });
    near.on('close', () => {
      open.delete(near);
      far.destroy();
    });
    far.on('error', () => undefined).on('close', () => near.destroy());
  }

  await once(server, 'listening');

  function reset(): void {
    for (const socket of open) socket.resetAndDestroy();
  }

  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    reset,
    freeze() {
      for (const socket of open) socket.unpipe().pause();
    },
    retarget(port) {
      to = port;
    },
    loseNextAnswer(meanwhile = async () => undefined) {
      losing = meanwhile;
    },
    async close() {
      reset();
      server.close();
      await once(server, 'close');
    },
  };
}
