/** What the local gateway needs of this machine: a port, a folder, the right time. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { endpointFromEnvironment } from '../../transports/endpoint.js';
import { reasonOf, type Check } from './finding.js';

export const checkPort: Check = ({ port }) => {
  const subject = `Port ${port}`;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const detail = error.code === 'EADDRINUSE' ? 'is taken' : error.message;
      const remedy = `stop what listens there, or use: dev --port ${port + 10}`;
      resolve({ subject, level: 'failure', detail, remedy });
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve({ subject, level: 'ok', detail: 'is free' });
      });
    });
  });
};

export const checkFolder: Check = async ({ project }) => {
  const subject = 'Files';
  const folder = join(project, '.yc-broadcast');
  const probe = join(folder, `doctor-${process.pid}.txt`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(probe, '');
    rmSync(probe);
    return { subject, level: 'ok', detail: '.yc-broadcast can be written' };
  } catch (error) {
    const remedy = 'dev keeps compiled code and certificates there; make it a folder that you may write';
    return { subject, level: 'failure', detail: `.yc-broadcast: ${reasonOf(error)}`, remedy };
  }
};

/** Tokens are signed with a time, and a signature from the future is none. */
const MOST_SKEW_MS = 60_000;
const TIMEOUT_MS = 3000;

export const checkClock: Check = async ({ isOnline }) => {
  const subject = 'Clock';
  if (!isOnline) {
    const time = new Date().toISOString().slice(0, 19);
    return { subject, level: 'ok', detail: `${time}Z; with --online it is compared with the cloud's` };
  }
  const cloud = endpointFromEnvironment();
  try {
    const askedAt = Date.now();
    const { headers } = await fetch(cloud, { method: 'HEAD', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const halfway = (askedAt + Date.now()) / 2;
    const skewMs = halfway - Date.parse(headers.get('date') ?? '');
    if (Number.isNaN(skewMs)) return { subject, level: 'warning', detail: `${cloud} does not tell the time` };
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    const direction = skewMs > 0 ? 'ahead' : 'behind';
    return Math.abs(skewMs) > MOST_SKEW_MS
      ? {
          subject,
          level: 'failure',
          detail: `is ${seconds} s ${direction}`,
          remedy: 'set it: tokens depend on it',
        }
      : { subject, level: 'ok', detail: `differs from the cloud's by ${seconds} s` };
  } catch {
    const remedy = 'check the network, and a proxy if you need one; the local gateway works without';
    return { subject, level: 'warning', detail: `${cloud} cannot be reached`, remedy };
  }
};
