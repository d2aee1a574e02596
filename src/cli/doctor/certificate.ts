/**
 * Makes a local gateway, and looks at its certificate as a client does that believes it talks to the cloud.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { startEmulator } from '../../emulator/index.js';
import { CONNECTIONS_HOST } from '../../emulator/redirect/hosts.js';
import { reasonOf, type Check } from './finding.js';

export const checkCertificate: Check = async ({ project }) => {
  const subject = 'Certificate';
  try {
    await using emulator = await startEmulator({
      routes: { '/ws': () => ({ statusCode: 200 }) },
      redirect: { folder: join(project, '.yc-broadcast') },
    });
    const ca = readFileSync(emulator.redirect?.caFile ?? '', 'utf8');
    await handshake(emulator.tls?.port ?? 0, ca);
    return {
      subject,
      level: 'ok',
      detail: `${CONNECTIONS_HOST}: its certificate comes from a local authority`,
    };
  } catch (error) {
    const remedy =
      'check the clock, and what intercepts connections to 127.0.0.1, such as antivirus software';
    return { subject, level: 'failure', detail: reasonOf(error), remedy };
  }
};

function handshake(port: number, ca: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: CONNECTIONS_HOST, ca }, () => {
      socket.end();
      resolve();
    }).on('error', reject);
  });
}
