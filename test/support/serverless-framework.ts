/** The real Serverless Framework, which scripts/install-serverless.js puts outside of the project. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { missingProgram } from './servers.js';

const folder = process.env['YC_BROADCAST_SERVERLESS_DIR'] ?? join(tmpdir(), 'yc-broadcast-serverless');
const program = join(folder, 'node_modules/serverless/bin/serverless.js');
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Whether it is there; a line says how to get it when it is not. */
export function hasFramework(): boolean {
  if (existsSync(program)) return true;
  missingProgram('Serverless Framework 3', 'node scripts/install-serverless.js');
  return false;
}

/** A package that the framework depends on. */
export function frameworkRequire(name: string): unknown {
  return createRequire(program)(name) as unknown;
}

export interface Finished {
  readonly code: number | null;
  /** What it printed to stdout, where addresses go. */
  readonly printed: string;
  /** What it said meanwhile. */
  readonly logged: string;
}

/** Enough for the provider's plugin to start. */
const OFFLINE = {
  YC_IAM_TOKEN: 't1.none',
  YC_CLOUD_ID: 'b1gcloud',
  YC_FOLDER_ID: 'b1gfolder',
  SLS_TELEMETRY_DISABLED: '1',
  SLS_NOTIFICATIONS_MODE: 'off',
  NO_COLOR: '1',
};

export async function serverless(
  args: readonly string[],
  { cwd = projectRoot, env = {} }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, ...OFFLINE, ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [printed, logged] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, printed, logged };
}
