import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { Backend } from './backend.js';

/** Waits until a server that has just been started says that it is ready. */
export async function untilReady(child: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
      if (/ready to accept connections/i.test(output)) resolve();
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`${child.spawnfile} ended with ${String(code)}: ${output}`));
    });
  });
}

/** A server that is ended by `signal`, whose data go with it. */
export function backendOf(
  child: ChildProcess,
  { address, folder, signal }: { address: string; folder: string; signal: NodeJS.Signals },
): Backend {
  return {
    address,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, 'exit');
        child.kill(signal);
        await exit;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
