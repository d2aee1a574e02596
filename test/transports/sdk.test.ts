/** What the contract does not know of the SDK's transport: its options, its module, tokens that change. */
import { sdk2 } from '../support/official-sdk.js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BroadcastError } from 'yc-broadcast';
import { startEmulator, type Emulator, type TlsAccess } from 'yc-broadcast/emulator';
import { sdkTransport, type SdkTransportOptions } from 'yc-broadcast/transports/sdk';

const IN_TIME = { timeoutMs: 20_000 };
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(token?: string): Promise<Emulator & { readonly tls: TlsAccess }> {
  const emulator = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) }, tls: true, token });
  cleanups.push(() => emulator.stop());
  const { tls } = emulator;
  if (tls === undefined) throw new Error('no TLS');
  return { ...emulator, tls };
}

function transport(options: SdkTransportOptions) {
  const made = sdkTransport(options);
  cleanups.push(() => made.close());
  return made;
}

describe('sdkTransport', () => {
  it('imports the SDK that is installed by itself', async () => {
    const { tls, connect } = await start();
    const client = await connect('/ws');
    const sdk = transport({ endpoint: tls.endpoint, ca: tls.ca, token: 't' });
    await sdk.send(client.id, sdk.encode('hi'), IN_TIME);
    expect(await client.next()).toBe('hi');
  });

  it('names the package and the command that installs it when there is none', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'no-sdk-'));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    const outfile = join(directory, 'main.mjs');
    await build({
      stdin: {
        contents: `
          import { sdkTransport } from './src/transports/sdk.ts';
          const sdk = sdkTransport({ token: 'x' });
          await sdk.send('c1', sdk.encode('hi'), { timeoutMs: 5000 }).catch(({ code, message }) => console.log(code, message));`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['@yandex-cloud/*'],
      outfile,
    });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { timeout: 20_000 });
    expect(stdout).toContain('INVALID_OPTIONS');
    expect(stdout).toContain('npm install @yandex-cloud/nodejs-sdk');
  });

  it('gives a refused token way to a fresh one, with a client of its own', async () => {
    const { tls, connect, timeline } = await start('t2');
    const client = await connect('/ws');
    let count = 0;
    const sdk = transport({ endpoint: tls.endpoint, ca: tls.ca, token: () => `t${++count}`, sdk: sdk2 });
    await sdk.send(client.id, sdk.encode('hi'), IN_TIME);
    expect(await client.next()).toBe('hi');
    expect(timeline().flatMap(({ type, status }) => (type === 'send' ? [status] : []))).toEqual([401, 200]);
  });

  it('makes one client for each address and token', async () => {
    const { tls, connect } = await start();
    const client = await connect('/ws');
    let made = 0;
    class Counting extends sdk2.Session {
      constructor(config: ConstructorParameters<typeof sdk2.Session>[0]) {
        super(config);
        made++;
      }
    }
    let token = 'a';
    const options = { endpoint: tls.endpoint, ca: tls.ca, token: () => token };
    const sdk = transport({ ...options, sdk: { ...sdk2, Session: Counting } });
    for (const next of ['a', 'a', 'b', 'b', 'a']) {
      token = next;
      await sdk.send(client.id, sdk.encode('hi'), IN_TIME);
    }
    expect(made).toBe(2);
  });

  it.each<[SdkTransportOptions, RegExp]>([
    [{ sdk: {} }, /sdk: expected the module of 2\.x/],
    [{ sdk: { Session: sdk2.Session } }, /sdk: expected the module of 2\.x/],
    [{ endpoint: 'localhost:4511' }, /endpoint: expected an address/],
    [{ token: '' }, /credentials\.token/],
    [{ tokn: 'x' } as SdkTransportOptions, /Unrecognized key: "tokn"/],
  ])('refuses the options %#', (options, message) => {
    expect(() => sdkTransport(options)).toThrow(message);
  });

  it('refuses an address without TLS, which the SDK cannot speak', async () => {
    const { endpoint } = await start();
    const sdk = transport({ endpoint, token: 'x', sdk: sdk2 });
    const error = await sdk.get('c1', IN_TIME).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BroadcastError);
    expect(String(error)).toContain('INVALID_OPTIONS: endpoint: the SDK supports only TLS');
  });
});
