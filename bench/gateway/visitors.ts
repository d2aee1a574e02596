/** Many sockets in a process of their own, which count what they get. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { jobGiven, say } from '../processes.js';

export interface VisitorsJob {
  readonly url: string;
  readonly count: number;
}

export interface Connected {
  readonly ms: number;
}

/** How many sockets have got exactly one frame, and how many frames there were in all. */
export interface Received {
  readonly sockets: number;
  readonly frames: number;
}

const AT_ONCE = 100;

const { url, count } = jobGiven() as VisitorsJob;
const frames = new Uint32Array(count);
let next = 0;

async function connectOneAfterAnother(): Promise<void> {
  while (next < count) {
    const index = next++;
    const socket = new WebSocket(`${url}/ws`, { perMessageDeflate: false });
    socket.on('message', () => {
      frames[index] = (frames[index] ?? 0) + 1;
    });
    await once(socket, 'open');
  }
}

process.on('message', () => {
  const sockets = frames.filter((times) => times === 1).length;
  void say({ sockets, frames: frames.reduce((sum, times) => sum + times, 0) } satisfies Received);
});
const startedAt = performance.now();
await Promise.all(Array.from({ length: AT_ONCE }, connectOneAfterAnother));
await say({ ms: performance.now() - startedAt } satisfies Connected);
