import { startWorker } from '../processes.js';
import type { Backend } from './backend.js';

/** dynalite, which keeps everything in its memory. */
export async function startDynalite(): Promise<Backend> {
  return startStandIn('dynalite-worker.js', {});
}

/** A server that has `members` connections from the start, and takes no others. */
export async function startManyRows(members: number): Promise<Backend> {
  return startStandIn('many-rows-worker.js', { members });
}

async function startStandIn(module: string, job: object): Promise<Backend> {
  const worker = startWorker('server', new URL(module, import.meta.url), job);
  const { port } = await worker.hear<{ port: number }>();
  return { address: `http://127.0.0.1:${port}`, close: worker.stop };
}
