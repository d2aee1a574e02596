import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Emulator } from '../../emulator/index.js';
import { queueVariables } from '../../emulator/queue/access.js';
import { CliError } from '../command.js';

/**
 * Runs a shell command that finds the gateway in its environment. Resolves with its exit code, 128 and the
 * number of the signal when one has ended it, as shells have it. When `stopped` comes first, the command is
 * asked to end.
 */
export function runCommand(command: string, emulator: Emulator, stopped: Promise<void>): Promise<number> {
  const child = spawn(command, {
    shell: true,
    stdio: 'inherit',
    env: { ...process.env, ...environmentOf(emulator) },
  });
  void stopped.then(() => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', (reason) => {
      reject(new CliError(`--exec: '${command}' cannot be run: ${reason.message}`));
    });
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** The gateway comes before what is set already: a command that runs against it must not reach the cloud. */
function environmentOf({ port, endpoint, redirect, queues }: Emulator): Record<string, string> {
  return {
    ...redirect?.env,
    ...queueVariables(queues()),
    YC_BROADCAST_URL: `ws://127.0.0.1:${port}`,
    YC_BROADCAST_ENDPOINT: endpoint,
    YC_BROADCAST_LOCAL_ORIGINS: `http://localhost:${port},http://127.0.0.1:${port}`,
  };
}
