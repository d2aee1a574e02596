import { Worker } from 'node:worker_threads';
import { crashEnding, exitEnding, type Ending } from './endings.js';
import type { CallMessage, InstanceMessage, InstanceSetup } from './wire.js';

/** The worker thread of an instance. */
export interface Thread {
  /** Wakes it up if it is frozen. */
  post(call: CallMessage): void;
  /** Stops it wherever it is, in a loop without end too. */
  terminate(): void;
  /** Resolves when it is no more. */
  readonly gone: Promise<void>;
}

export interface ThreadListener {
  onMessage(message: InstanceMessage): void;
  /** It has ended by itself, or was terminated; may be called twice. */
  onEnd(ending: Ending): void;
}

export function startThread(
  program: string,
  name: string,
  setup: Omit<InstanceSetup, 'posted'>,
  env: Readonly<Record<string, string | undefined>>,
  { onMessage, onEnd }: ThreadListener,
): Thread {
  const { memoryMb } = setup;
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(program, {
    eval: true,
    name,
    env,
    workerData: { ...setup, posted } satisfies InstanceSetup,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    // What is printed comes as messages; what Node.js itself has to say is not for the terminal either.
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  worker.on('message', onMessage);
  worker.on('error', (error) => {
    onEnd(crashEnding(error, memoryMb));
  });
  const gone = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      onEnd(exitEnding(code));
      resolve();
    });
  });
  return {
    post(call) {
      // Counted first: a thread that is about to freeze then sees that it must not.
      Atomics.add(posted, 0, 1);
      worker.postMessage(call);
      Atomics.notify(posted, 0);
    },
    terminate() {
      void worker.terminate();
    },
    gone,
  };
}
