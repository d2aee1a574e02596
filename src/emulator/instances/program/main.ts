/** The program of an instance: loads the function, answers calls, and freezes between them. */
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { DIAGNOSTICS_CHANNEL, type Diagnostic } from '../../../model/diagnostics.js';
import { createWorkTracker } from '../../unawaited/tracker.js';
import { onLines } from '../lines.js';
import {
  CALLS_FD,
  MESSAGES_FD,
  type CallMessage,
  type InstanceMessage,
  type InstanceSetup,
} from '../wire.js';
import { answer } from './answer.js';
import { describeError } from './describe-error.js';
import { loadFunction } from './load-function.js';
import { usedBytes } from './memory.js';
import { captureOutput } from './output.js';
import { createRest } from './rest.js';

const [json = ''] = process.argv.splice(2);
const setup = JSON.parse(json) as InstanceSetup;
/** At once: a frozen process writes nothing, nor does one that has ended. */
const post = (message: InstanceMessage): void => {
  // A signal can cut a write short.
  for (let bytes = Buffer.from(`${JSON.stringify(message)}\n`); bytes.length > 0;)
    bytes = bytes.subarray(writeSync(MESSAGES_FD, bytes));
};

captureOutput(post);
subscribe('yc-broadcast:memory-store', () => {
  post({ type: 'memory-store' });
});
subscribe(DIAGNOSTICS_CHANNEL, (diagnostic) => {
  post({ type: 'diagnostic', diagnostic: diagnostic as Diagnostic });
});
process.on('uncaughtExceptionMonitor', (error) => {
  // The function may have a listener of its own, and goes on then.
  if (process.listenerCount('uncaughtException') > 0) return;
  post({ type: 'crashed', problem: describeError(error) });
  process.exit(1);
});

const tracker = createWorkTracker();
const rest = createRest(setup, post);
const loading = loadFunction(setup);
loading.then(
  () => {
    post({ type: 'ready' });
    rest.whenIdle();
  },
  (reason: unknown) => {
    post({ type: 'unloadable', problem: reason instanceof Error ? reason.message : String(reason) });
  },
);

const calls = new Socket({ fd: CALLS_FD, readable: true, writable: false });
onLines(calls, (line) => {
  rest.begin();
  void run(JSON.parse(line) as CallMessage);
});
// The gateway is no more.
calls.on('close', () => process.exit());

async function run(call: CallMessage): Promise<void> {
  const handler = await loading;
  await rest.resume();
  const work = tracker.track(() => answer(handler, call));
  post({ ...(await work.result), usedBytes: usedBytes(setup.memoryMb) });
  rest.end(work.pending);
}
