/** The client as one module, for pages without a build step. */
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as client from 'yc-broadcast/client';
import * as presence from 'yc-broadcast/client/presence';
import * as state from 'yc-broadcast/client/state';
import { startEmulator } from 'yc-broadcast/emulator';

/** At least. */
const NAMES = [client, presence, state].flatMap(Object.keys);

async function namesIn(code: string): Promise<string[]> {
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as object;
  return Object.keys(module).sort();
}

describe('the client for pages without a build step', () => {
  it('is served by the local gateway, presence included', async () => {
    await using gateway = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) } });
    const response = await fetch(`${gateway.url}/yc-broadcast/client.js`);
    expect(response.headers.get('content-type')).toContain('text/javascript');
    expect(await namesIn(await response.text())).toEqual(expect.arrayContaining(NAMES));
  });

  it('can be made of the package, as docs/client.md says', async () => {
    const file = fileURLToPath(new URL('../../dist/client/page.js', import.meta.url));
    expect(existsSync(file)).toBe(true);
    const { outputFiles } = await build({ entryPoints: [file], bundle: true, format: 'esm', write: false });
    expect(await namesIn(outputFiles[0]?.text ?? '')).toEqual(expect.arrayContaining(NAMES));
  });
});
