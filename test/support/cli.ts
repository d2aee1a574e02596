/** The published command, run as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/cli/main.js');

export interface RunningCli {
  /** Everything that was printed so far, to stdout and stderr. */
  output(): string;
  /** Resolves with the match as soon as something printed matches; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

export function startCli(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = root): RunningCli {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', CI: '', ...env },
  });
  let text = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const watch of watchers) watch();
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    output: () => text,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const found = pattern.exec(text);
          if (found === null) return;
          watchers.delete(watch);
          resolve(found);
        };
        watchers.add(watch);
        watch();
        void exited.then(() => {
          reject(new Error(`the command ended before it printed ${String(pattern)}:\n${text}`));
        });
      }),
    signal: (name) => child.kill(name),
    exited,
  };
}

/** Runs a command to its end. */
export async function runCli(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const cli = startCli(args);
  return { code: await cli.exited, output: cli.output() };
}

/** Writes files into a folder of their own inside the project, where `yc-broadcast` can be imported. */
export function temporaryProject(files: Readonly<Record<string, string>>): { path: string; remove(): void } {
  const artefacts = join(root, 'test/artefacts');
  mkdirSync(artefacts, { recursive: true });
  const path = mkdtempSync(join(artefacts, 'project-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
