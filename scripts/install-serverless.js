// Installs Serverless Framework 3 and the provider's plugin, 335 MB, outside of the project: test/deploy/serverless-framework.test.ts
// runs them. They go where YC_BROADCAST_SERVERLESS_DIR says, or into a folder for temporary files.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = process.env['YC_BROADCAST_SERVERLESS_DIR'] ?? join(tmpdir(), 'yc-broadcast-serverless');
const versions = fileURLToPath(new URL('../test/deploy/serverless', import.meta.url));

mkdirSync(folder, { recursive: true });
for (const file of ['package.json', 'package-lock.json'])
  copyFileSync(join(versions, file), join(folder, file));
execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
});
process.stdout.write(`${join(folder, 'node_modules/.bin/serverless')}\n`);
