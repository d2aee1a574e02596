// The sizes of docs/client.md, as a browser gets them: `node scripts/measure-client-sizes.js` fetches the other clients into
// a temporary folder, bundles all of them in the same way, and writes the table.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const BEGIN = '<!-- sizes:begin, written by `node scripts/measure-client-sizes.js` -->';
const END = '<!-- sizes:end -->';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/client.md');

const OURS = [
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
];

const OTHERS = [
  ['partysocket@1.3.0', "export { default } from 'partysocket';"],
  ['graphql-ws@6.4.2', "export { createClient } from 'graphql-ws';"],
  ['socket.io-client@4.8.4', "export { io } from 'socket.io-client';"],
  ['centrifuge@5.8.0', "export { Centrifuge } from 'centrifuge';"],
];

async function kilobytesOf(contents, resolveDir) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
  });
  return (gzipSync(outputFiles[0].contents, { level: 9 }).length / 1024).toFixed(1);
}

const folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-sizes-'));
try {
  const packages = OTHERS.map(([name]) => name);
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
  execFileSync('npm', ['install', '--prefix', folder, ...quiet, ...packages], { stdio: 'inherit' });
  const rows = [];
  for (const [name, code] of OURS) rows.push([name, await kilobytesOf(code, root)]);
  for (const [name, code] of OTHERS) rows.push([name.replace('@', ' '), await kilobytesOf(code, folder)]);
  const table = [
    '| client | minified, gzipped |',
    '| --- | --- |',
    ...rows.map(([name, size]) => `| ${name} | ${size} KB |`),
  ];
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`docs/client.md needs the lines ${BEGIN} and ${END}`);
  writeFileSync(page, `${before}${BEGIN}\n\n${table.join('\n')}\n\n${END}${after}`);
  execFileSync('npx', ['prettier', '--write', page], { cwd: root, stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true });
}
