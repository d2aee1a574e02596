/**
 * Runs a function in an instance that is written for the cloud, and sees whether it reaches a local gateway.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startEmulator, type Emulator } from '../../emulator/index.js';
import { reasonOf, type Check } from './finding.js';
import { findSdk } from './programs.js';
import { PROBE } from './probe.js';

const subject = 'SDK redirect';
const PATIENCE_MS = 30_000;
/** What has been answered is on its way within this process. */
const ARRIVAL_MS = 2000;

export const checkRedirect: Check = async ({ project }) => {
  const version = findSdk(project)?.version;
  const client = version === undefined ? 'fetch, since no SDK is installed' : `SDK ${version}`;
  try {
    const times = await driveIn(join(project, '.yc-broadcast'), version?.split('.')[0] ?? '');
    const steps = Object.entries(times).map(([step, ms]) => `${step} ${ms}`);
    return { subject, level: 'ok', detail: `${steps.join(', ')} ms; with ${client}` };
  } catch (error) {
    const detail = `with ${client}: ${reasonOf(error)}`;
    const remedy =
      version === undefined
        ? 'please report it, with this output'
        : 'check with npm ls @yandex-cloud/nodejs-sdk that it is fully installed; if so, report it';
    return { subject, level: 'failure', detail, remedy };
  }
};

async function driveIn(folder: string, sdkMajor: string): Promise<Readonly<Record<string, number>>> {
  const probe = join(folder, `doctor-${process.pid}.mjs`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(probe, PROBE);
  try {
    await using emulator = await startEmulator({
      routes: { '/doctor': { entry: probe, instances: 1, env: { DOCTOR_SDK: sdkMajor } } },
      redirect: { folder },
      // The only one that is taken, so it has to come from the metadata service.
      token: `t1.doctor-${Date.now()}`,
      memoryMb: 512,
      timeoutMs: PATIENCE_MS,
      onOutput: () => undefined,
    });
    return await drive(emulator);
  } finally {
    rmSync(probe);
  }
}

/** Has the function get, reach and close a connection. Resolves with how long each took, in milliseconds. */
async function drive(emulator: Emulator): Promise<Readonly<Record<string, number>>> {
  const [asking, target] = [await emulator.connect('/doctor'), await emulator.connect('/doctor')];
  if (asking.handshake.status !== 101)
    throw new Error(`the function was refused: ${asking.handshake.status}`);
  asking.send(target.id);
  const answer = (await asking.nextJson(PATIENCE_MS)) as { times?: Record<string, number>; problem?: string };
  if (answer.times === undefined) throw new Error(answer.problem ?? 'the function did not say why');
  await inTime(target.next(), 'the message was sent and did not arrive');
  await inTime(target.closed, 'the connection was disconnected and is still open');
  return answer.times;
}

async function inTime(event: Promise<unknown>, problem: string): Promise<void> {
  const timeout = delay(ARRIVAL_MS, 'late', { ref: false });
  if ((await Promise.race([event.catch(() => 'late'), timeout])) === 'late') throw new Error(problem);
}
