/** How commands in another terminal find the gateway that `dev` runs: a file that only this user can read. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { projectFolder } from '../../emulator/code/compiler.js';
import type { Emulator } from '../../emulator/index.js';
import { isAlive } from '../../emulator/is-alive.js';
import { redirectFiles } from '../../emulator/redirect/files.js';
import { parseJson } from '../../base/json.js';

const gatewaySchema = z.object({ pid: z.int(), port: z.int(), url: z.string(), token: z.string() });

/** A gateway that runs on this machine. */
export type RunningGateway = z.output<typeof gatewaySchema>;

/** Beside the packages of the project, like everything else that is kept for it. */
function folder(): string {
  return join(projectFolder(join(process.cwd(), 'package.json')), '.yc-broadcast');
}

/**
 * Writes the file, and takes away what killed gateways have left behind. Returns how to take it away in turn.
 */
export function writeGatewayFile({ port, url, inspector }: Emulator): () => void {
  runningGateways();
  const file = join(folder(), `dev-${port}.json`);
  const gateway: RunningGateway = { pid: process.pid, port, url, token: inspector.token };
  mkdirSync(folder(), { recursive: true });
  writeFileSync(file, `${JSON.stringify(gateway)}\n`, { mode: 0o600 });
  // A file that an earlier gateway has left behind keeps its mode when it is written over.
  chmodSync(file, 0o600);
  return () => {
    rmSync(file, { force: true });
  };
}

/** The gateways of this project that are running. Files of those that were killed are taken away. */
export function runningGateways(): readonly RunningGateway[] {
  if (!existsSync(folder())) return [];
  const files = readdirSync(folder()).filter((name) => /^dev-\d+\.json$/.test(name));
  return files.flatMap((name) => {
    const file = join(folder(), name);
    const { success, data } = gatewaySchema.safeParse(parseJson(readIfThere(file)));
    if (success && isAlive(data.pid)) return [data];
    if (success) removeRedirect(data.port);
    rmSync(file, { force: true });
    return [];
  });
}

function removeRedirect(port: number): void {
  const { ca, roots, preload } = redirectFiles(folder(), port);
  for (const file of [ca, roots, preload]) rmSync(file, { force: true });
}

/** Another command may have taken it away in the meantime. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
