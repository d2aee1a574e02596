/** The package as users install it: packed, and put into fresh projects by npm. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { skipOrFail } from './servers.js';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Programs of projects run without what Jest and npm have put into the environment of this test. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(jest_|node_options$|npm_(package|lifecycle)_)/i.test(name),
  ),
);

/** Whether npm's registry answers; a line says how to get it when it does not. */
export function hasRegistry(): boolean {
  try {
    const quick = ['--fetch-retries=0', '--fetch-timeout=20000'];
    execFileSync('npm', ['view', 'zod@4.0', 'version', ...quick], { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    skipOrFail(
      'the npm registry does not answer; to run these tests: `npm config set registry` to one that does',
    );
    return false;
  }
}

export interface Finished {
  readonly code: number | null;
  /** Both outputs. */
  readonly said: string;
}

/** Runs a program in a folder. */
export async function run(
  cwd: string,
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  const child = spawn(program, args, {
    cwd,
    env: { ...ENVIRONMENT, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const said = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, said: said.join('') };
}

/** Runs a program and throws what it said when it fails. */
export async function succeed(cwd: string, command: readonly [string, ...string[]]): Promise<string> {
  const { code, said } = await run(cwd, command);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`);
  return said;
}

/** Writes a project's files. Returns its folder. */
export function writeProject(folder: string, files: Readonly<Record<string, string | object>>): string {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  return folder;
}

export interface PackedPackage {
  /** For projects, gone with `remove`. */
  readonly folder: string;
  readonly tarball: string;
  remove(): void;
}

/**
 * Packs what `npm run build` makes. Not in the repository's own folder: `npm pack` there would empty `dist`,
 * out of which other tests run programs meanwhile.
 */
export async function packPackage(): Promise<PackedPackage> {
  const folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-package-'));
  const stage = join(folder, 'stage');
  for (const name of ['dist', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(repository, name), join(stage, name), { recursive: true });
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  await succeed(repository, [
    process.execPath,
    compiler,
    '-p',
    'tsconfig.build.json',
    '--outDir',
    join(stage, 'dist'),
  ]);
  await succeed(stage, ['npm', 'pack', '--ignore-scripts', '--pack-destination', folder]);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  return {
    folder,
    tarball: join(folder, tarball),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Installs packages into a new project. */
export async function installProject(folder: string, packages: readonly string[]): Promise<void> {
  writeProject(folder, { 'package.json': { name: 'project', private: true, type: 'module' } });
  await succeed(folder, [
    'npm',
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...packages,
  ]);
}
