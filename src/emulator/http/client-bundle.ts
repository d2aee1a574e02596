import { fileURLToPath } from 'node:url';
import type { HttpResponse } from './exchange.js';

/**
 * Where pages find `yc-broadcast/client`, `client/presence` and `client/native` as one module, unless a file
 * of theirs stands there.
 */
export const CLIENT_PATH = '/yc-broadcast/client.js';

// Without an extension: it is TypeScript in the repository, and JavaScript in the package.
const ENTRY = fileURLToPath(new URL('../../client/page', import.meta.url));

let bundled: Promise<string> | undefined;

/** So that a page without a build step can import the client. It is put together when the first page asks. */
export async function serveClient(response: HttpResponse): Promise<void> {
  const code = await (bundled ??= bundleClient());
  response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(code);
}

async function bundleClient(): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
