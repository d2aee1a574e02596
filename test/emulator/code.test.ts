/**
 * What `bundle` and the cloud take, the local gateway takes, too: each project here is run by both ways of
 * compiling.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startEmulator } from 'yc-broadcast/emulator';
import { runCli, temporaryProject } from '../support/cli.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function project(files: Readonly<Record<string, string>>): string {
  const { path, remove } = temporaryProject({ 'package.json': '{ "type": "module" }' });
  cleanUps.push(remove);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

/** What the function answers to a message. */
async function answerOf(entry: string): Promise<unknown> {
  await using gateway = await startEmulator({ routes: { '/ws': { entry, instances: 1 } } });
  const client = await gateway.connect('/ws');
  client.send('x');
  return await client.next(20_000);
}

const answering = (expression: string): string =>
  `export const handler = ({ requestContext: { eventType } }) =>
    ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: eventType === 'MESSAGE' ? String(${expression}) : '' });\n`;

const COMMONJS = {
  'node_modules/classic/package.json': '{ "name": "classic", "version": "1.0.0", "main": "index.js" }',
  // Names that Node.js cannot see without running it.
  'node_modules/classic/index.js':
    "const all = {}; all['com' + 'pact'] = (list) => list.filter(Boolean); module.exports = all;",
};

describe('a function with', () => {
  const CASES: [what: string, files: Readonly<Record<string, string>>, answer: string][] = [
    [
      'a named import of a CommonJS package',
      { ...COMMONJS, 'ws.ts': `import { compact } from 'classic';\n${answering('compact([0, 1, 2])')}` },
      '1,2',
    ],
    [
      'a deep import without its extension',
      {
        'node_modules/deep/package.json': '{ "name": "deep", "version": "1.0.0" }',
        'node_modules/deep/lib/part.js': 'exports.part = 7;',
        'ws.ts': `import { part } from 'deep/lib/part';\n${answering('part')}`,
      },
      '7',
    ],
    [
      'a CommonJS package that asks for a module of Node.js',
      {
        'node_modules/classic/package.json': '{ "name": "classic", "version": "1.0.0", "main": "index.js" }',
        'node_modules/classic/index.js': "exports.separator = require('node:path').posix.sep;",
        'ws.ts': `import { separator } from 'classic';\n${answering('separator')}`,
      },
      '/',
    ],
    [
      'a `require` of its own',
      {
        'ws.ts': `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${answering("require('node:path').posix.sep")}`,
      },
      '/',
    ],
  ];

  it.each(CASES)('%s runs from its source and as a bundle', async (_what, files, answer) => {
    const path = project(files);
    expect(await answerOf(join(path, 'ws.ts'))).toBe(answer);
    const out = join(path, 'build');
    expect(await runCli('bundle', join(path, 'ws.ts'), '--out', out)).toMatchObject({ code: 0 });
    expect(await answerOf(join(out, 'index.js'))).toBe(answer);
  });

  it('CommonJS runs from its source and as a bundle, under the name of its export', async () => {
    const path = project({ 'ws.cjs': answering('7').replace('export const handler =', 'exports.handler =') });
    expect(await answerOf(join(path, 'ws.cjs'))).toBe('7');
    const out = join(path, 'build');
    expect(await runCli('bundle', join(path, 'ws.cjs'), '--out', out)).toMatchObject({ code: 0 });
    expect(Object.keys((await import(pathToFileURL(join(out, 'index.js')).href)) as object)).toEqual([
      'handler',
    ]);
  });

  it('a workspace package in TypeScript runs from its source and as a bundle', async () => {
    const path = project({
      'packages/contract/package.json': '{ "name": "contract", "type": "module", "exports": "./index.ts" }',
      'packages/contract/index.ts':
        "export enum Kind { Said = 'said' }\nexport const kind: Kind = Kind.Said;\n",
      'ws.ts': `import { kind } from 'contract';\n${answering('kind')}`,
    });
    mkdirSync(join(path, 'node_modules'));
    symlinkSync(join(path, 'packages/contract'), join(path, 'node_modules/contract'));
    expect(await answerOf(join(path, 'ws.ts'))).toBe('said');
    const out = join(path, 'build');
    expect(await runCli('bundle', join(path, 'ws.ts'), '--out', out)).toMatchObject({ code: 0 });
    expect(await answerOf(join(out, 'index.js'))).toBe('said');
  });

  it('files beside its source finds them there, in packages, too', async () => {
    const path = project({
      'src/schema.txt': 'the schema',
      'node_modules/classic/package.json': '{ "name": "classic", "version": "1.0.0", "main": "index.js" }',
      'node_modules/classic/index.js':
        "'use strict'; exports.text = require('fs').readFileSync(require('path').join(__dirname, 'own.txt'), 'utf8');",
      'node_modules/classic/own.txt': 'of the package',
      'src/ws.ts': `import { readFileSync } from 'node:fs';
import { text } from 'classic';
const schema = readFileSync(new URL('./schema.txt', import.meta.url), 'utf8');
${answering("schema + ', ' + text")}`,
    });
    expect(await answerOf(join(path, 'src/ws.ts'))).toBe('the schema, of the package');
    expect(readFileSync(join(path, 'src/schema.txt'), 'utf8')).toBe('the schema');
  });
});
