/**
 * The packed package in fresh projects: every compiler, bundler, package manager and test runner that
 * docs/requirements.md names.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createApp, defineContract } from 'yc-broadcast';
import { startEmulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod/mini';
import { blockOf, samplesOf, type CodeSample } from '../support/code-samples.js';
import {
  hasRegistry,
  installProject,
  packPackage,
  repository,
  run,
  succeed,
  writeProject,
  type PackedPackage,
} from '../support/packed-package.js';

const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
  exports: Record<string, string>;
};
const modules = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => path.replace(/^\./, 'yc-broadcast'));

/** Types of all modules, and what the optional peers bring to them. */
const PEERS = ['react@19', '@types/react@19', '@opentelemetry/api@1', '@types/node@22'];
const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const TOOLS = [
  'typescript@6.0',
  'typescript-5.4@npm:typescript@5.4',
  'vite@8',
  'webpack@5',
  'jest@30',
  'jest-environment-jsdom@30',
  'ts-jest@29',
  '@jest/globals@30',
  'vitest@4',
  'pnpm@10',
  `node-20.19@npm:node-${platform}@20.19`,
  `node-22@npm:node-${platform}@22`,
];

const samples = {
  readme: samplesOf(join(repository, 'README.md')),
  testing: samplesOf(join(repository, 'docs/testing.md')),
};

/** A page's sample that says this. */
function sampleWith(page: readonly CodeSample[], text: string): CodeSample {
  const found = page.find(({ code }) => code.includes(text));
  if (found === undefined) throw new Error(`no sample with ${text}`);
  return found;
}

/**
 * Every kind of value that the package makes, exported: the compiler has to find a public name for each
 * inferred type.
 */
const EXPORTED = `
import * as React from 'react';
import { createApp, createBroadcaster, defineContract, presence } from 'yc-broadcast';
import { connect } from 'yc-broadcast/client';
import { connect as connectCore } from 'yc-broadcast/client/core';
import { nativeLane } from 'yc-broadcast/client/native';
import { watchPresence } from 'yc-broadcast/client/presence';
import { createClientHooks } from 'yc-broadcast/client/react';
import { startEmulator } from 'yc-broadcast/emulator';
import { pathBroadcaster } from 'yc-broadcast/native';
import { messageQueue } from 'yc-broadcast/queue/client';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { postgresStore } from 'yc-broadcast/stores/postgres';
import { redisStore } from 'yc-broadcast/stores/redis';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { createTestKit } from 'yc-broadcast/testing';
import * as z from 'zod/mini';
export const contract = defineContract({
  client: { say: { data: z.object({ text: z.string() }), reply: z.object({ n: z.number() }) } },
  server: { said: z.object({ text: z.string() }) },
});
const value = z.object({ x: z.number() });
export const withState = defineContract({ client: {}, server: {}, state: { cursors: { value, ttlMs: 1000 } } });
export const [store, redis] = [memoryStore(), redisStore({ url: 'redis://localhost' })];
export const [postgres, ydb] = [postgresStore({ connectionString: 'postgres://localhost' }), ydbStore()];
const rooms = { join: true, presence: presence() } as const;
export const app = createApp({ contract, store, origins: 'any', rooms });
export const another = createApp({ contract: withState, store, origins: 'any' });
export const plain = createApp({ store, origins: 'any' });
export const { handler, broadcaster } = app;
export const alone = createBroadcaster({ store, contract });
export const some = alone.to('a').where({ locale: 'ru' });
export const report = await some.send('said', { text: '' });
export const client = connect<typeof contract>({ url: 'wss://chat.example/ws' });
export const core = connectCore<typeof withState>({ url: 'wss://chat.example/ws' });
export const room = client.join('a');
export const people = watchPresence(room);
export const hooks = createClientHooks(React);
export const { useRoom, usePresence } = hooks;
export const lane = nativeLane();
export const gateway = await startEmulator({ routes: { '/ws': handler } });
export const socket = await gateway.connect('/ws');
export const kit = createTestKit(({ transport }) => createApp({ contract, store, transport, origins: 'any' }));
export const anna = await kit.connect();
export const said = await anna.expectBroadcast('said', {});
export const live = pathBroadcaster({ queue: messageQueue(), contract });
`;

const suite = hasRegistry() ? describe : describe.skip;

suite('the packed package', () => {
  let packed: PackedPackage;
  /** A project with the newest of everything, in which the cases make folders of their own. */
  let newest: string;
  let oldest: string;

  beforeAll(async () => {
    packed = await packPackage();
    [newest, oldest] = [join(packed.folder, 'newest'), join(packed.folder, 'zod-4.0')];
    await Promise.all([
      installProject(newest, [packed.tarball, 'zod@4', 'ioredis@6', 'pg@8', ...PEERS, ...TOOLS]),
      installProject(oldest, [packed.tarball, 'zod@4.0', ...PEERS]),
    ]);
  }, 600_000);

  afterAll(() => {
    packed.remove();
  });

  /** A program that npm has installed. */
  const tool = (file: string): [string, string] => [process.execPath, join(newest, 'node_modules', file)];

  /**
   * What the compiler says of the README's code and of all modules, the package's own declarations included.
   */
  async function compile(
    project: string,
    compilerOptions: object,
    compiler = 'typescript',
    files: Readonly<Record<string, string>> = {
      ...Object.fromEntries(samples.readme.map(({ file, code }) => [file, code])),
      'modules.ts': modules.map((name, index) => `export * as m${index} from '${name}';\n`).join(''),
    },
  ): Promise<string> {
    const options = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2022', types: ['node'] };
    const folder = writeProject(join(project, `compile-${readdirSync(project).length}`), {
      'package.json': { type: 'module' },
      'tsconfig.json': {
        compilerOptions: { ...options, lib: ['es2022', 'dom'], ...compilerOptions },
        files: Object.keys(files),
      },
      ...files,
    });
    return (await run(folder, tool(`${compiler}/bin/tsc`))).said;
  }

  describe('compiles README, strictly, with skipLibCheck: false', () => {
    const nodenext = { module: 'nodenext' };
    const bundler = { module: 'esnext', moduleResolution: 'bundler' };
    it.each([
      ['module nodenext and the newest zod 4', nodenext, () => newest],
      ['module nodenext and zod 4.0', nodenext, () => oldest],
      ['moduleResolution bundler and the newest zod 4', bundler, () => newest],
      ['moduleResolution bundler and zod 4.0', bundler, () => oldest],
    ])('with %s', async (_name, options, project) => {
      expect(await compile(project(), options)).toBe('');
    });

    it('with TypeScript 5.4', async () => {
      expect(await compile(newest, nodenext, 'typescript-5.4')).toBe('');
    });

    it('and lets a project with `declaration: true` export what the package gives', async () => {
      const files = { 'exported.ts': EXPORTED };
      expect(await compile(newest, { ...nodenext, declaration: true }, 'typescript', files)).toBe('');
    });

    it('and the client without types of Node.js', async () => {
      const files = { 'page.ts': "import { connect } from 'yc-broadcast/client';\nvoid connect;\n" };
      expect(await compile(newest, { ...bundler, types: [] }, 'typescript', files)).toBe('');
    });
  });

  it('works under pnpm, where zod/mini is found although only the project depends on it', async () => {
    const folder = join(packed.folder, 'pnpm');
    mkdirSync(folder);
    writeProject(folder, { 'package.json': { private: true, type: 'module' } });
    const store = ['--store-dir', join(packed.folder, 'pnpm-store'), '--prefer-offline'];
    await succeed(folder, [...tool('pnpm/bin/pnpm.cjs'), 'add', ...store, packed.tarball, 'zod', ...PEERS]);
    const program = "import { createApp } from 'yc-broadcast'; console.log(typeof createApp);";
    expect(await succeed(folder, [process.execPath, '--input-type=module', '-e', program])).toBe(
      'function\n',
    );
    expect(await compile(folder, { module: 'nodenext' })).toBe('');
  });

  describe('bundled for a page', () => {
    const page =
      "import { connect } from 'yc-broadcast/client';\nconnect({ url: 'wss://chat.example/ws' });\n";

    it('by Vite', async () => {
      const html = '<!doctype html><script type="module" src="./main.ts"></script>';
      const folder = writeProject(join(newest, 'vite-page'), { 'index.html': html, 'main.ts': page });
      const said = await succeed(folder, [...tool('vite/bin/vite.js'), 'build']);
      expect(said).not.toMatch(/externalized|warn/i);
      const [bundle = ''] = readdirSync(join(folder, 'dist/assets'));
      expect(readFileSync(join(folder, 'dist/assets', bundle), 'utf8')).toContain('wss://chat.example/ws');
    });

    it('by webpack, which finds nothing to warn of', async () => {
      const build = `import webpack from 'webpack';
        const compiler = webpack({ mode: 'production', entry: './main.js', context: import.meta.dirname, devtool: 'source-map' });
        compiler.run((error, stats) => console.log(error ?? stats.toString({ all: false, errors: true, warnings: true })));`;
      const folder = writeProject(join(newest, 'webpack-page'), { 'build.mjs': build, 'main.js': page });
      expect((await succeed(folder, [process.execPath, 'build.mjs'])).trim()).toBe('');
      expect(readFileSync(join(folder, 'dist/main.js'), 'utf8')).toContain('wss://chat.example/ws');
    });
  });

  it.each(['20.19', '22'])('is required from CommonJS by Node.js %s', async (version) => {
    const program = `const modules = ${JSON.stringify(modules)};
      console.log(process.version, modules.filter((name) => Object.keys(require(name)).length > 0).length);`;
    const folder = writeProject(join(newest, `commonjs-${version}`), {
      'package.json': { type: 'commonjs' },
      'main.js': program,
    });
    const said = await succeed(folder, [join(newest, `node_modules/node-${version}/bin/node`), 'main.js']);
    expect(said).toMatch(new RegExp(`^v${version}\\.\\d+(\\.\\d+)? ${modules.length}\n$`));
  });

  describe("runs docs/testing.md's test", () => {
    const app = sampleWith(samples.testing, '// chat.ts\n').code;
    const test = sampleWith(samples.testing, '// chat.test.ts\n').code;

    it('by Jest with ts-jest in a CommonJS project', async () => {
      const folder = writeProject(join(newest, 'ts-jest'), {
        'package.json': { type: 'commonjs' },
        'tsconfig.json': { compilerOptions: { strict: true, module: 'commonjs', target: 'es2022' } },
        'jest.config.js': blockOf(join(repository, 'docs/testing.md'), '// jest.config.js\n'),
        'chat.ts': app,
        'chat.test.ts': test,
      });
      expect(await succeed(folder, tool('jest/bin/jest.js'))).toMatch(/Tests: +1 passed, 1 total/);
    });

    it('by Vitest', async () => {
      const folder = writeProject(join(newest, 'vitest'), {
        'chat.ts': app,
        'chat.test.ts': test.replace('@jest/globals', 'vitest'),
      });
      const command = [...tool('vitest/vitest.mjs'), 'run', '--root', folder, '--no-color'] as const;
      expect(await succeed(folder, [...command])).toMatch(/Tests +1 passed \(1\)/);
    });
  });

  it("connects from Jest's jsdom environment", async () => {
    const contract = defineContract({
      client: { ping: { data: z.string(), reply: z.string() } },
      server: {},
    });
    const app = createApp({ contract, store: memoryStore(), origins: 'any' });
    app.on('ping', ({ data }) => data);
    await using gateway = await startEmulator({ routes: { '/ws': app.handler } });
    const test = `const { connect } = require('yc-broadcast/client');
      it('is answered', async () => {
        const client = connect({ url: '${gateway.wsUrl('/ws')}' });
        expect(await client.request('ping', 'привет')).toBe('привет');
        client.close();
      });`;
    const config = blockOf(join(repository, 'docs/testing.md'), '// jest.config.js\n');
    const folder = writeProject(join(newest, 'jsdom'), {
      'package.json': { type: 'commonjs' },
      'jest.config.js': config.replace('{', "{\n  testEnvironment: 'jsdom',"),
      'page.test.js': test,
    });
    expect(await succeed(folder, tool('jest/bin/jest.js'))).toMatch(/Tests: +1 passed, 1 total/);
  });

  it('ships declarations for every module, and no source map', () => {
    const folder = join(newest, 'node_modules/yc-broadcast');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const declarations = Object.values(manifest.exports)
      .filter((path) => path.endsWith('.js'))
      .map((path) => join(dirname(path), path.replace(/^.*\//, '').replace(/\.js$/, '.d.ts')));
    expect(declarations.filter((file) => !files.includes(file))).toEqual([]);
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([]);
  });
});
