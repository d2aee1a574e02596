import { CLIENT_PATH, serveClient } from './client-bundle.js';
import type { IncomingRequest, HttpResponse } from './exchange.js';
import type { Route } from '../routing/routes.js';
import { requestUrl } from './request-url.js';
import { serveFile } from './static-files.js';

/** Plain HTTP: a file, or an answer that helps somebody who got the path wrong. */
export async function servePages(
  routes: readonly Route[],
  root: string | undefined,
  request: IncomingRequest,
  response: HttpResponse,
): Promise<void> {
  const path = requestUrl(request).pathname;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && root !== undefined && (await serveFile(root, path, response))) return;
  if (isRead && path === CLIENT_PATH) {
    await serveClient(response);
    return;
  }
  const known = routes.map(({ pattern }) => pattern.template).join(', ');
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(
    `Nothing at ${path}. WebSocket paths: ${known}; HTTP paths are those of --spec, files those of --static\n`,
  );
}
