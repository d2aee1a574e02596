/** What a bundled function carries: as little as it needs, and no server, tool or database client. */
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../..', import.meta.url));

async function bundle(code: string): Promise<{ kilobytes: number; packages: string[]; inputs: string[] }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: ['ioredis', 'pg', '@yandex-cloud/*'],
  });
  const inputs = Object.keys(metafile.inputs);
  const used = inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]);
  const packages = [...new Set(used.filter((name) => name !== undefined))].sort();
  const kilobytes = outputFiles.reduce((sum, { contents }) => sum + contents.length, 0) / 1000;
  return { kilobytes, packages, inputs };
}

const CORE = ['is-network-error', 'p-limit', 'p-retry', 'yocto-queue', 'zod'];

describe('a bundled function', () => {
  it('has at most 131 KB with broadcasts, the default transport and the whole app', async () => {
    const { kilobytes, packages } = await bundle(
      "export { createApp, createBroadcaster } from 'yc-broadcast';",
    );
    expect(packages).toEqual(CORE);
    expect(kilobytes).toBeLessThanOrEqual(131);
  });

  it.each(['memory', 'redis', 'postgres', 'ydb'])(
    'carries no client of a database with the %s store',
    async (name) => {
      const { packages } = await bundle(`export * from 'yc-broadcast/stores/${name}';`);
      expect(packages.filter((one) => !CORE.includes(one))).toEqual([]);
    },
  );

  it('carries nothing but the core with the client of a queue', async () => {
    const { kilobytes, packages } = await bundle("export * from 'yc-broadcast/queue/client';");
    expect(packages.filter((one) => !CORE.includes(one))).toEqual([]);
    expect(kilobytes).toBeLessThanOrEqual(45);
  });

  it('carries nothing but the core with the fan-out, and the core carries nothing of that', async () => {
    const { packages } = await bundle("export * from 'yc-broadcast/queue';");
    expect(packages.filter((one) => !CORE.includes(one))).toEqual([]);
    const { inputs } = await bundle("export * from 'yc-broadcast';");
    expect(inputs.filter((input) => input.startsWith('src/queue/'))).toEqual([]);
  });

  it.each(['rest', 'grpc', 'sdk'])('carries nothing but the core with the %s transport', async (name) => {
    const { packages } = await bundle(`export * from 'yc-broadcast/transports/${name}';`);
    expect(packages.filter((one) => !CORE.includes(one))).toEqual([]);
  });
});

describe('a page', () => {
  it.each([
    ['`yc-broadcast/client/core`', "export { connect } from 'yc-broadcast/client/core';"],
    ['`yc-broadcast/client`', "export * from 'yc-broadcast/client';"],
    [
      '`yc-broadcast/client` and `client/presence`',
      "export * from 'yc-broadcast/client'; export * from 'yc-broadcast/client/presence';",
    ],
    [
      '`yc-broadcast/client` and `client/state`',
      "export * from 'yc-broadcast/client'; export * from 'yc-broadcast/client/state';",
    ],
  ])('carries as much with %s as docs/client.md says', async (name, code) => {
    const table = readFileSync(`${root}docs/client.md`, 'utf8').split('<!-- sizes:')[1] ?? '';
    const row = table.split('\n').find((line) => line.startsWith(`| ${name} `));
    const { bytes } = await gzippedBytes(code);
    // Versions of Node.js compress a little differently; what is written is rounded.
    expect(Math.abs(Number(/([\d.]+) KB/.exec(row ?? '')?.[1]) - bytes / 1024)).toBeLessThan(0.15);
  });

  /** As a browser gets it: minified and compressed. */
  async function gzippedBytes(code: string): Promise<{ bytes: number; inputs: string[] }> {
    const { metafile, outputFiles } = await build({
      stdin: { contents: code, resolveDir: root, loader: 'ts' },
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      platform: 'browser',
      format: 'esm',
      target: 'es2022',
    });
    const bytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
    return { bytes, inputs: Object.keys(metafile.inputs) };
  }

  it.each([
    ['without rooms', "export { connect } from 'yc-broadcast/client/core';", 5120],
    ['with rooms', "export * from 'yc-broadcast/client';", 8192],
    [
      'with presence',
      "export * from 'yc-broadcast/client'; export * from 'yc-broadcast/client/presence';",
      8192 + 768,
    ],
    [
      'with state',
      "export * from 'yc-broadcast/client'; export * from 'yc-broadcast/client/state';",
      8192 + 2304,
    ],
  ])('carries a client %s that stays within its budget', async (_what, code, budget) => {
    const { bytes, inputs } = await gzippedBytes(code);
    expect(bytes).toBeLessThanOrEqual(budget);
    // No schemas, nothing of the server.
    const own = /^(<stdin>|src\/(client\/.*|base\/[a-z-]+)\.ts)$/;
    expect(inputs.filter((input) => !own.test(input))).toEqual([]);
  });
});
