// The figures of docs/local-gateway.md: `npm run build:js && node scripts/measure-instances.js`
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { startEmulator } from '../dist/emulator/index.js';

const CALLS = 2000;
const EDITS = 200;
const STARTS = 20;

const folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-measure-'));
const writeWord = (word) => writeFileSync(join(folder, 'word.ts'), `export const word: string = '${word}';`);
writeWord('none');
writeFileSync(join(folder, 'package.json'), '{}');
writeFileSync(
  join(folder, 'ws.ts'),
  `import { word } from './word.js';
   export const handler = (event: { body?: string }) =>
     ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: event.body && word });`,
);

let onReload = () => undefined;
const emulator = await startEmulator({
  routes: { '/ws': { entry: join(folder, 'ws.ts'), instances: 1, watch: true } },
  onTimeline: (entry) => {
    if (entry.type === 'reload') onReload(entry);
  },
});
const client = await emulator.connect('/ws');

async function ask() {
  client.send('x');
  return client.next(30_000);
}

async function clock(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function show(what, times) {
  const sorted = [...times].sort((a, b) => a - b);
  const [low, median, high] = [0.05, 0.5, 0.95].map((part) => sorted[Math.floor(sorted.length * part)]);
  console.log(`${what.padEnd(44)} ${median.toFixed(1)} ms  (5%: ${low.toFixed(1)}, 95%: ${high.toFixed(1)})`);
}

const calls = [];
for (let call = 0; call < CALLS; call++) calls.push(await clock(ask));
show('a message and its reply, warm', calls.slice(CALLS / 10));

const rssBefore = process.memoryUsage.rss();
const [edits, reloads] = [[], []];
for (let edit = 0; edit < EDITS; edit++) {
  const reloaded = new Promise((resolve) => (onReload = resolve));
  const took = await clock(async () => {
    writeWord(edit);
    reloads.push((await reloaded).durationMs);
    if ((await ask()) !== String(edit)) throw new Error('the old code has answered');
  });
  edits.push(took);
}
show('compiling and a fresh instance', reloads);
show('from saving a file to an answer of the new code', edits);
console.log(`${EDITS} edits: ${((process.memoryUsage.rss() - rssBefore) / 1e6).toFixed(1)} MB more`);

for (let start = 0; start < STARTS; start++) {
  emulator.instances.kill(emulator.instances.list()[0].id);
  await ask();
}
show(
  'cold start',
  emulator.timeline().flatMap(({ coldMs = [] }) => coldMs),
);
show('stop', [await clock(() => emulator.stop())]);
rmSync(folder, { recursive: true });
