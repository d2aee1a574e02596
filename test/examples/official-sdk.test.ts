/** An unchanged function for the cloud runs here, with the official SDK and no word about a local gateway. */
import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { runCli } from '../support/cli.js';

const HANDLER = 'examples/official-sdk/handler.js';

it('a handler that knows only the cloud sends through the local gateway', async () => {
  const [, ...code] = (await readFile(HANDLER, 'utf8')).split('\n\n');
  expect(code.join('\n')).not.toMatch(/localhost|127\.0\.0\.1|https?:|process\.env/);
  const { code: exitCode, output } = await runCli(
    ...['dev', HANDLER, '--exec', 'node examples/official-sdk/drive.js'],
  );
  expect(output).toMatch(/^echo: hello$/m);
  expect(output).toMatch(/← SEND .* 200 /);
  expect(exitCode).toBe(0);
});
