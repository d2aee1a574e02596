import { startWorker } from '../processes.js';
import type { Backend } from './backend.js';

/** dynalite, which keeps everything in its memory. */
export async function startDynalite(): Promise<Backend> {
  const worker = startWorker('server', new URL('dynalite-worker.js', import.meta.url), {});
  const { port } = await worker.hear<{ port: number }>();
  return { address: `http://127.0.0.1:${port}`, close: worker.stop };
}
