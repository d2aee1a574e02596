/** The program of an instance: loads the function, answers calls, and freezes between them. */
import { subscribe } from 'node:diagnostics_channel';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { DIAGNOSTICS_CHANNEL, type Diagnostic } from '../../../model/diagnostics.js';
import { createWorkTracker } from '../../unawaited/tracker.js';
import type { CallMessage, InstanceMessage, InstanceSetup } from '../wire.js';
import { answer } from './answer.js';
import { loadFunction } from './load-function.js';
import { usedBytes } from './memory.js';
import { captureOutput } from './output.js';
import { createRest } from './rest.js';

const setup = workerData as InstanceSetup;
const port = parentPort as MessagePort;
const post = (message: InstanceMessage): void => {
  port.postMessage(message);
};

captureOutput(post);
subscribe('yc-broadcast:memory-store', () => {
  post({ type: 'memory-store' });
});
subscribe(DIAGNOSTICS_CHANNEL, (diagnostic) => {
  post({ type: 'diagnostic', diagnostic: diagnostic as Diagnostic });
});
process.setSourceMapsEnabled(true);

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

port.on('message', (call: CallMessage) => {
  rest.begin();
  void run(call);
});

async function run(call: CallMessage): Promise<void> {
  const handler = await loading;
  await rest.resume();
  const work = tracker.track(() => answer(handler, call));
  post({ ...(await work.result), usedBytes: usedBytes(setup.memoryMb) });
  rest.end(work.pending);
}
