import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** The machine has two sides: what is measured, and what it talks to. */
export type Side = 'client' | 'server';
const CORES: Readonly<Record<Side, string>> = { client: '0', server: '1' };

export function isInstalled(command: string): boolean {
  return spawnSync('which', [command]).status === 0;
}

/**
 * Whether each side has a core of its own. Without that, figures of one run can still be compared, but are
 * lower.
 */
export const canPin = availableParallelism() > 1 && isInstalled('taskset');

export interface StartOptions {
  readonly stdio: StdioOptions;
  readonly env?: NodeJS.ProcessEnv;
  /** As another user than ours. */
  readonly uid?: number;
  readonly gid?: number;
}

/** Children that still run. However the bench ends, none of them stays. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program on its side's core. */
export function start(
  side: Side,
  command: string,
  args: readonly string[],
  options: StartOptions,
): ChildProcess {
  const child = canPin
    ? spawn('taskset', ['-c', CORES[side], command, ...args], options)
    : spawn(command, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** A Node process that runs one of our modules and talks to us in messages, one answer to each question. */
export interface Worker {
  readonly process: ChildProcess;
  /** Sends a message and returns what the worker says next. Rejects when the worker ends instead. */
  ask<T>(message: object): Promise<T>;
  /** What the worker says next. */
  hear<T>(): Promise<T>;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly nodeFlags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** `job` reaches the worker as its first argument, in JSON; see {@link jobGiven}. */
export function startWorker(
  side: Side,
  module: URL,
  job: object,
  { nodeFlags = [], env = process.env }: WorkerOptions = {},
): Worker {
  const args = [...nodeFlags, module.pathname, JSON.stringify(job)];
  const child = start(side, process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const complaints = collectText(child);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${module.pathname} ended with ${String(code)}: ${complaints()}`);
  });
  ended.catch(() => undefined);

  async function hear<T>(): Promise<T> {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [T];
    return message;
  }

  return {
    process: child,
    hear,
    ask: <T>(message: object) => {
      const answer = hear<T>();
      child.send(message);
      return answer;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** The last part of what a child writes to its standard error. */
export function collectText(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-2000);
  });
  return () => text.trim();
}

/** In a worker: the job that it was started with. */
export function jobGiven(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** In a worker: says something to whoever started it, and waits until it is on its way. */
export function say(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('this module is started by the bench');
    process.send(message, () => {
      resolve();
    });
  });
}
