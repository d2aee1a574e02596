import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { HttpResponse } from './exchange.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
};

/** Serves a file of a directory, or `index.html` for a directory's own path. Returns whether there was one. */
export async function serveFile(root: string, path: string, response: HttpResponse): Promise<boolean> {
  const file = await fileFor(root, path);
  if (file === undefined) return false;
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    // Pages change while they are being worked on.
    'Cache-Control': 'no-store',
  });
  createReadStream(file).pipe(response);
  return true;
}

/** The file behind a path, if it is one and lies in the directory, symbolic links resolved. */
async function fileFor(root: string, path: string): Promise<string | undefined> {
  try {
    const base = await realpath(root);
    const wanted = await realpath(join(base, decodeURIComponent(path)));
    if (wanted !== base && !wanted.startsWith(base + sep)) return undefined;
    const file = (await stat(wanted)).isDirectory() ? join(wanted, 'index.html') : wanted;
    return (await stat(file)).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}
