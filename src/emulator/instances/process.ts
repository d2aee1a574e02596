import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex, Writable } from 'node:stream';
import { crashEnding, exitEnding, memoryEnding, type InstanceEnding } from './endings.js';
import { onLines } from './lines.js';
import { createReaper } from './reaper.js';
import { CALLS_FD, MESSAGES_FD, type CallMessage, type InstanceMessage, type InstanceSetup } from './wire.js';

/** The process of an instance. Whatever happens in it, this process goes on. */
export interface InstanceProcess {
  /** Wakes it up if it is frozen. */
  post(call: CallMessage): void;
  /** Stops it wherever it is, in a loop without end too, and what it has started. */
  terminate(): void;
  /** Resolves when it is no more. */
  readonly gone: Promise<void>;
}

export interface ProcessListener {
  onMessage(message: Exclude<InstanceMessage, { type: 'crashed' }>): void;
  /** It has ended by itself, or was terminated. */
  onEnd(ending: InstanceEnding): void;
}

/**
 * Its last words may come after its end, but a process that it has started can keep its output open. In
 * milliseconds.
 */
const LAST_WORDS_MS = 200;

/** How V8 begins when the heap is full. What follows is for V8's own developers. */
const OUT_OF_MEMORY = '<--- Last few GCs --->';

const reaper = createReaper();
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  alive.forEach(kill);
});

/** @param program A file with the program of instances. */
export function startProcess(
  program: string,
  setup: InstanceSetup,
  env: Readonly<Record<string, string | undefined>>,
  { onMessage, onEnd }: ProcessListener,
): InstanceProcess {
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${setup.memoryMb}`, program, JSON.stringify(setup)],
    {
      env,
      // In a group of its own: Ctrl-C in the terminal is for the gateway, which then ends it.
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    },
  );
  alive.add(child);
  if (child.pid !== undefined) reaper.watch(child.pid);
  const [calls, messages] = [child.stdio[CALLS_FD] as Writable, child.stdio[MESSAGES_FD] as Duplex];
  let crash: string | undefined;
  let isOutOfMemory = false;

  onLines(messages, (line) => {
    const message = JSON.parse(line) as InstanceMessage;
    if (message.type === 'crashed') crash = message.problem;
    else onMessage(message);
  });
  // What the function prints comes as messages; this is what Node.js, add-ons and other processes print.
  for (const stream of ['stdout', 'stderr'] as const)
    child.stdio[stream === 'stdout' ? 1 : 2]?.setEncoding('utf8').on('data', (text: string) => {
      isOutOfMemory ||= stream === 'stderr' && text.includes(OUT_OF_MEMORY);
      if (!isOutOfMemory) onMessage({ type: 'printed', stream, text });
    });
  // A process that has ended takes no more calls; its end is told otherwise.
  for (const pipe of [calls, messages]) pipe.on('error', () => undefined);

  function endingOf(code: number | null, signal: NodeJS.Signals | null): InstanceEnding {
    if (isOutOfMemory) return memoryEnding(setup.memoryMb);
    return crash === undefined ? exitEnding(code, signal) : crashEnding(crash);
  }

  return {
    post(call) {
      calls.write(`${JSON.stringify(call)}\n`);
      if (setup.freezeAfterMs !== 'off') messages.write('.');
    },
    terminate() {
      kill(child);
    },
    gone: ended(child).then(([code, signal]) => {
      alive.delete(child);
      if (child.pid !== undefined) reaper.forget(child.pid);
      onEnd(endingOf(code, signal));
    }),
  };
}

type Exit = readonly [code: number | null, signal: NodeJS.Signals | null];

function ended(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', () => {
      resolve([null, null]);
    });
    child.once('exit', (...exit) => {
      const end = (): void => {
        resolve(exit);
      };
      setTimeout(end, LAST_WORDS_MS).unref();
      child.once('close', end);
    });
  });
}

function kill(child: ChildProcess): void {
  try {
    // The whole group, on systems that have groups.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}
