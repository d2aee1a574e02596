/** Nothing of a gateway is global, and nothing of it is left when it has stopped. */
import { describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulator, type Emulator, type TestClient } from 'yc-broadcast/emulator';
import { temporaryProject } from '../support/cli.js';
import { createRandom } from '../support/random.js';

/** What keeps this process alive, by kind: sockets, servers, timers, workers. */
function handles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function moreThan(before: ReadonlyMap<string, number>): string[] {
  return [...handles()].flatMap(([kind, count]) =>
    count > (before.get(kind) ?? 0) ? [`${kind}: ${count - (before.get(kind) ?? 0)}`] : [],
  );
}

/** A socket that was closed takes a turn or two to be gone; what stays is a leak. */
async function expectNoMoreThan(before: ReadonlyMap<string, number>): Promise<void> {
  for (let turn = 0; turn < 200 && moreThan(before).length > 0; turn++)
    await new Promise((resolve) => setTimeout(resolve, 25).unref());
  expect(moreThan(before)).toEqual([]);
}

const echo = (event: { readonly body?: string }): object => ({
  statusCode: 200,
  headers: { 'Content-Type': 'text/plain' },
  body: event.body ?? '',
});

describe('fifty gateways at once', () => {
  it('keep their ports and their clients apart, and leave nothing', async () => {
    const before = handles();
    const emulators = await Promise.all(
      Array.from({ length: 50 }, () => startEmulator({ routes: { '/ws': echo } })),
    );
    expect(new Set(emulators.map(({ port }) => port)).size).toBe(50);
    const replies = await Promise.all(
      emulators.map(async (emulator, index) => {
        const client = await emulator.connect('/ws');
        client.send(`for ${index}`);
        return client.next();
      }),
    );
    expect(replies).toEqual(emulators.map((_, index) => `for ${index}`));
    await Promise.all(emulators.map((emulator) => emulator.stop()));
    await expectNoMoreThan(before);
  });
});

/** Two minutes of it: `YC_BROADCAST_STORM_SECONDS=120`. */
const STORM_MS = Number(process.env['YC_BROADCAST_STORM_SECONDS'] ?? 6) * 1000;
const MOST_CLIENTS = 20;

const code = (version: number): string => `
export const version = ${version};
export async function handler({ body, requestContext: { eventType } }) {
  if (body === 'slow') await new Promise((resolve) => setTimeout(resolve, 20));
  return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: eventType === 'MESSAGE' ? String(version) : '' };
}
`;

/** Connects, sends, drops, kills and changes the source, as `random` has it. */
async function rage(emulator: Emulator, entry: string, random: () => number): Promise<void> {
  const clients: TestClient[] = [];
  let version = 1;
  const acts: (() => unknown)[] = [
    async () => {
      if (clients.length < MOST_CLIENTS) clients.push(await emulator.connect('/ws'));
    },
    () => clients[Math.floor(random() * clients.length)]?.send(random() < 0.5 ? 'slow' : 'quick'),
    () => clients.splice(Math.floor(random() * clients.length), 1)[0]?.destroy(),
    () => clients.splice(Math.floor(random() * clients.length), 1)[0]?.close(),
    () => {
      const [instance] = emulator.instances.list();
      if (instance !== undefined && random() < 0.3) emulator.instances.kill(instance.id);
    },
    () => (random() < 0.1 ? writeFile(entry, code(++version)) : undefined),
  ];
  const endsAt = Date.now() + STORM_MS;
  while (Date.now() < endsAt) await acts[Math.floor(random() * acts.length)]?.();
  for (const client of clients) client.destroy();
  await emulator.idle();
}

describe('a storm of connects, kills and reloads', () => {
  it(
    'ends with no socket, timer or worker left',
    async () => {
      const before = handles();
      const { path, remove } = temporaryProject({ 'ws.mjs': code(1) });
      const entry = join(path, 'ws.mjs');
      const emulator = await startEmulator({ routes: { '/ws': { entry, instances: 3, watch: true } } });
      await rage(emulator, entry, createRandom(7));
      expect(emulator.connections()).toEqual([]);
      const client = await emulator.connect('/ws');
      client.send('still there?');
      expect(Number(await client.next())).toBeGreaterThan(1);
      await emulator.stop();
      expect(emulator.instances.list()).toEqual([]);
      await expectNoMoreThan(before);
      remove();
    },
    STORM_MS + 60_000,
  );
});
