/**
 * What is left of a gateway that was killed with SIGKILL: nothing that runs, and no files once the next has
 * started.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { isAlive } from '../../src/emulator/is-alive.js';
import { startCli, temporaryProject, type RunningCli } from '../support/cli.js';
import { until } from '../support/until.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const HANDLER = `
export const handler = ({ body }) => {
  if (body === 'loop') for (;;);
  return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: body && String(process.pid) };
};
`;

async function startDev(folder: string): Promise<{ cli: RunningCli; port: string; pid: number }> {
  const cli = startCli(['dev', 'ws.mjs', '--port', '0', '--instances', '1'], {}, folder);
  cleanUps.push(async () => {
    cli.signal('SIGKILL');
    await cli.exited;
  });
  const [, port = ''] = await cli.printed(/127\.0\.0\.1:(\d+)/);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  socket.send('who');
  const [data] = (await once(socket, 'message')) as [Buffer];
  socket.send('loop');
  await cli.printed(/MESSAGE|CONNECT/);
  return { cli, port, pid: Number(data.toString()) };
}

/** A folder with the program of instances, as of a process that there cannot be. */
function programOf(host: string): string {
  const folder = join(tmpdir(), `yc-broadcast-${host}-999999999-abcdef`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'instance.cjs'), '');
  cleanUps.push(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

describe('a gateway that is killed', () => {
  it('leaves no instance behind, and its files go when the next one starts', async () => {
    const project = temporaryProject({ 'package.json': '{}', 'ws.mjs': HANDLER });
    cleanUps.push(project.remove);
    const first = await startDev(project.path);
    expect(isAlive(first.pid)).toBe(true);
    const written = readdirSync(join(project.path, '.yc-broadcast')).filter((name) =>
      name.includes(first.port),
    );
    expect(written).toHaveLength(4);

    first.cli.signal('SIGKILL');
    await first.cli.exited;
    await until(() => !isAlive(first.pid));

    await startDev(project.path);
    for (const name of written)
      expect([name, existsSync(join(project.path, '.yc-broadcast', name))]).toEqual([name, false]);
  });

  it('has its program taken away, and programs of other machines stay', async () => {
    const [own, foreign] = [programOf(hostname()), programOf('another.host')];
    const project = temporaryProject({ 'package.json': '{}', 'ws.mjs': HANDLER });
    cleanUps.push(project.remove);
    await startDev(project.path);
    expect([existsSync(own), existsSync(foreign)]).toEqual([false, true]);
  });
});
