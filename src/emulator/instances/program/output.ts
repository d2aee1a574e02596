import type { InstanceMessage } from '../wire.js';

/**
 * Sends what the function prints to the gateway at once, and in its place among the answers. The process's
 * own streams may not get to it before it is frozen or ends.
 */
export function captureOutput(post: (message: InstanceMessage) => void): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      post({ type: 'printed', stream, text });
      const done = rest.at(-1);
      if (typeof done === 'function') process.nextTick(done);
      return true;
    };
    process[stream].write = write;
  }
}
