/** A cloud for scripts: a folder whose `bin` holds the programs `yc` and `aws`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface CloudResource {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly flags: Readonly<Record<string, readonly string[]>>;
  readonly version?: Readonly<Record<string, readonly string[]>> & {
    readonly environment: Readonly<Record<string, string>>;
  };
}

export interface CloudState {
  readonly resources: readonly CloudResource[];
  readonly bindings: readonly {
    readonly on: string;
    readonly kind: string;
    readonly role_id: string;
    readonly subject: { readonly id: string };
  }[];
  readonly keys: readonly { readonly key_id: string; readonly secret: string }[];
  readonly queues: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface FakeCloud {
  /** Where the code of functions lies, by their ids, and `gateway.yaml`. */
  readonly folder: string;
  /** Runs a script of deploy/yc. */
  run(script: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<ScriptRun>;
  /** A secret that is there before a script runs. */
  addSecret(id: string, name: string): void;
  state(): CloudState;
  /** Every call of yc and aws, one a line. */
  calls(): string;
  remove(): void;
}

export interface ScriptRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function fakeCloud(documentApi: string): FakeCloud {
  const folder = mkdtempSync(join(tmpdir(), 'fake-cloud-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['yc', 'aws']) {
    const program = join(root, 'test/support/fake-cloud/cloud.js');
    writeFileSync(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${program}' ${name} "$@"\n`, {
      mode: 0o755,
    });
  }
  const read = (name: string): string =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
  return {
    folder,
    async run(script, args, env = {}) {
      const child = spawn('bash', [join(root, 'deploy/yc', script), ...args], {
        cwd: root,
        env: {
          PATH: `${bin}:${process.env['PATH'] ?? ''}`,
          HOME: folder,
          FAKE_CLOUD: folder,
          FAKE_CLOUD_DOCUMENT_API: documentApi,
          YC_BROADCAST: `${process.execPath} ${join(root, 'dist/cli/main.js')}`,
          ...env,
        },
      });
      const [stdout, stderr] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      return { code: child.exitCode, stdout, stderr };
    },
    addSecret(id, name) {
      const secret = { kind: 'lockbox secret', id, folder_id: 'b1gfolder', name, flags: {}, payload: [] };
      const state = { resources: [secret], bindings: [], keys: [], queues: {} };
      writeFileSync(join(folder, 'state.json'), JSON.stringify(state));
    },
    state: () => JSON.parse(read('state.json') || '{"resources":[]}') as CloudState,
    calls: () => read('calls.jsonl'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
