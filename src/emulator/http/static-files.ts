import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { HttpResponse } from './exchange.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Serves a file of a directory, or `index.html` for a directory's own path. Returns whether there was one.
 */
export async function serveFile(root: string, path: string, response: HttpResponse): Promise<boolean> {
  const file = await fileFor(root, path);
  const opened = file === undefined ? undefined : await openFile(file);
  if (file === undefined || opened === undefined) return false;
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    // Pages change while they are being worked on.
    'Cache-Control': 'no-store',
    // Pages of other sites can neither run them as scripts nor show them as images; other ports of localhost
    // can.
    'Cross-Origin-Resource-Policy': 'same-site',
    'X-Content-Type-Options': 'nosniff',
  });
  // A file that cannot be read to its end, and a client that has gone away, end this answer and nothing else.
  await pipeline(opened.createReadStream(), response).catch(() => response.destroy());
  return true;
}

/** Before the answer begins, so that one that may not be read is as good as none. */
async function openFile(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file);
  } catch {
    return undefined;
  }
}

/**
 * The file behind a path, if it is one and lies in the directory, symbolic links resolved. Files and folders
 * whose names begin with a dot are not pages: `.env` and `.git` hold secrets.
 */
async function fileFor(root: string, path: string): Promise<string | undefined> {
  try {
    const base = await realpath(root);
    const wanted = await realpath(join(base, decodeURIComponent(path)));
    if (wanted !== base && !wanted.startsWith(base + sep)) return undefined;
    const hidden = relative(base, wanted).split(sep);
    if (hidden.some((name) => name.startsWith('.'))) return undefined;
    const file = (await stat(wanted)).isDirectory() ? join(wanted, 'index.html') : wanted;
    return (await stat(file)).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}
