/** Does what people do, all the time, and keeps account of how that went. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

export interface NormalClient {
  /** Resolves with how often it was served, the slowest of these in milliseconds, and what did not work. */
  stop(): Promise<{
    readonly served: number;
    readonly slowestMs: number;
    readonly problems: readonly string[];
  }>;
}

const PAUSE_MS = 100;
const PATIENCE_MS = 20_000;

export async function startNormalClient(port: number): Promise<NormalClient> {
  const socket = new WebSocket(`ws://localhost:${port}/echo`);
  await once(socket, 'open');
  const problems: string[] = [];
  let [served, slowestMs, isStopped] = [0, 0, false];

  async function visit(): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const page = await fetch(`http://localhost:${port}/index.html`, { signal });
    if (page.status !== 200 || (await page.text()) !== 'the page') problems.push(`page: ${page.status}`);
    const said = `hello ${served}`;
    const echoed = once(socket, 'message', { signal });
    socket.send(said);
    const [heard] = (await echoed) as [Buffer];
    if (heard.toString() !== said) problems.push(`echo: ${heard.toString()}`);
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      const startedAt = performance.now();
      await visit();
      served++;
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      await sleep(PAUSE_MS);
    }
  }

  const running = run().catch((reason: unknown) => problems.push(String(reason)));
  return {
    async stop() {
      isStopped = true;
      await running;
      socket.terminate();
      return { served, slowestMs: Math.round(slowestMs), problems };
    },
  };
}
