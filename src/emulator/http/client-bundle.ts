import { fileURLToPath } from 'node:url';
import type { HttpResponse } from './exchange.js';

/** Where pages find the client and its extra parts, each as one module, unless a file of theirs stands there. */
const MODULES: Readonly<Record<string, string>> = {
  '/yc-broadcast/client.js': 'index',
  '/yc-broadcast/client/native.js': 'native',
  '/yc-broadcast/client/presence.js': 'presence',
};

const bundles = new Map<string, Promise<string>>();

/**
 * So that a page without a build step can import the client. A module is put together when the first page asks for it.
 * Returns whether there is one at this path.
 */
export async function serveClient(path: string, response: HttpResponse): Promise<boolean> {
  const name = Object.hasOwn(MODULES, path) ? MODULES[path] : undefined;
  if (name === undefined) return false;
  const bundled = bundles.get(name) ?? bundleClient(name);
  bundles.set(name, bundled);
  const code = await bundled;
  response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(code);
  return true;
}

async function bundleClient(name: string): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    // Without an extension: it is TypeScript in the repository, and JavaScript in the package.
    entryPoints: [fileURLToPath(new URL(`../../client/${name}`, import.meta.url))],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
