import type { Emulator } from '../emulator/index.js';
import { toFailure } from './command.js';

/** What can be pressed, for the banner. */
export function keysLine(): string {
  return process.stdin.isTTY ? 'r starts all instances afresh, Ctrl-C stops it.' : 'Ctrl-C stops it.';
}

/** Listens as long as somebody can press a key. Returns how to stop. */
export function listenToKeys({ instances }: Emulator): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const onKey = (key: string): void => {
    // A terminal that passes keys on does so with this one too.
    if (key === '\u0003') process.kill(process.pid, 'SIGINT');
    if (key === 'r') restart(instances);
  };
  stdin.setRawMode(true).setEncoding('utf8').on('data', onKey).resume();
  return () => {
    stdin.off('data', onKey).setRawMode(false).pause();
  };
}

function restart(instances: Emulator['instances']): void {
  instances.restart().catch((reason: unknown) => {
    process.stderr.write(`${toFailure(reason).message}\n`);
  });
}
