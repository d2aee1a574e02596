// Runs `npm run bench`. The library and the bench are transpiled file by file into a package of their own, so that the
// bench loads `yc-broadcast` as its users do, and needs no `npm run build`.
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache');
mkdirSync(cache, { recursive: true });
const output = mkdtempSync(join(cache, 'bench-'));
process.on('exit', () => rmSync(output, { recursive: true, force: true }));

const entryPoints = ['src', 'bench'].flatMap((part) =>
  readdirSync(join(root, part), { recursive: true })
    .map(String)
    .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => join(root, part, file)),
);
await build({
  entryPoints,
  outdir: output,
  outbase: root,
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});

// `yc-broadcast/stores/*` and so on lead to the same modules here as they do for the compiler.
const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
const name = 'yc-broadcast';
const exports = Object.fromEntries(
  Object.entries(compilerOptions.paths).map(([path, [source]]) => [
    `.${path.slice(name.length)}`,
    source.replace(/\.ts$/, '.js'),
  ]),
);
writeFileSync(
  join(output, 'package.json'),
  JSON.stringify({ name, type: 'module', sideEffects: false, exports }),
);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
const { main } = await import(join(output, 'bench', 'main.js'));
process.exitCode = await main(process.argv.slice(2), root);
