/**
 * Everything that the inspector page and the command line see and do, on the gateway's own port: the page at
 * `/_yc-broadcast/`, and what it asks for behind `/_yc-broadcast/api/`, as JSON. See guard.ts for who may.
 */
import { randomBytes } from 'node:crypto';
import { BroadcastError } from '../../base/errors.js';
import type { IncomingRequest, HttpResponse } from '../http/exchange.js';
import { listBroadcasts } from './broadcasts.js';
import { closeByHand, dropByHand, sendByHand } from './sockets.js';
import { listConnections, showConnection } from './connections.js';
import { ControlError } from './control-error.js';
import type { ControlRequest, Endpoint } from './endpoint.js';
import { addFaults, clearFaults, listFaults, removeFault } from './faults.js';
import { requestUrl } from '../http/request-url.js';
import { requireLocalHost, requireToken } from './guard.js';
import { killInstance, listInstances, restartInstances } from './instances.js';
import { invokeFunction } from './invoke.js';
import { servePage } from './page-files.js';
import type { ControlApiDeps } from './parts.js';
import { readBody } from './read-body.js';
import { listQueues } from './queues.js';
import { listRooms } from './rooms.js';
import { moveClock, showStatus } from './status.js';
import { readTimeline } from './timeline.js';

const ROOT = '/_yc-broadcast';
const API = `${ROOT}/api/`;

const ENDPOINTS: readonly Endpoint[] = [
  showStatus,
  moveClock,
  listConnections,
  showConnection,
  sendByHand,
  closeByHand,
  dropByHand,
  readTimeline,
  invokeFunction,
  listRooms,
  listBroadcasts,
  listQueues,
  listInstances,
  killInstance,
  restartInstances,
  listFaults,
  addFaults,
  clearFaults,
  removeFault,
];

export interface Control {
  /** A new one for each start. */
  readonly token: string;
  /** Takes a request, or says that it is for something else. */
  answer(request: IncomingRequest, response: HttpResponse): boolean;
}

export function createControl(parts: ControlApiDeps): Control {
  const token = randomBytes(18).toString('base64url');

  async function serve(request: IncomingRequest, response: HttpResponse): Promise<void> {
    try {
      requireLocalHost(request);
      const { pathname, searchParams } = requestUrl(request);
      if (pathname.startsWith(API)) {
        requireToken(request, token);
        respond(response, 200, await call(parts, request, pathname.slice(API.length), searchParams));
      } else if (pathname === ROOT) {
        response.writeHead(302, { Location: `${ROOT}/` });
        response.end();
      } else if (!(await servePage(pathname.slice(ROOT.length), response))) {
        throw new ControlError(404, `the inspector has nothing at ${pathname}`);
      }
    } catch (reason) {
      const { status, message } = problemOf(reason);
      respond(response, status, { error: message });
    }
  }

  return {
    token,
    answer(request, response) {
      const [path] = (request.url ?? '').split(/[?#]/, 1);
      if (path !== ROOT && path?.startsWith(`${ROOT}/`) !== true) return false;
      serve(request, response).catch(() => response.destroy());
      return true;
    },
  };
}

async function call(
  parts: ControlApiDeps,
  request: IncomingRequest,
  path: string,
  query: URLSearchParams,
): Promise<unknown> {
  const { endpoint, id } = findEndpoint(request.method ?? 'GET', path);
  const body = endpoint.method === 'GET' ? undefined : await readBody(request);
  return endpoint.run(parts, { query, id, body } satisfies ControlRequest);
}

function findEndpoint(method: string, path: string): { endpoint: Endpoint; id: string } {
  const [first = '', id, ...more] = path.split('/');
  const shape = id === undefined ? first : `${first}/{id}`;
  const known =
    more.length > 0 ? [] : ENDPOINTS.filter((endpoint) => endpoint.path === shape || endpoint.path === path);
  if (known.length === 0) throw new ControlError(404, `the control API has nothing at ${path}`);
  const endpoint = known.find((one) => one.method === method);
  if (endpoint === undefined)
    throw new ControlError(405, `${path} takes ${known.map((one) => one.method).join(', ')}`);
  return { endpoint, id: decodeURIComponent(id ?? '') };
}

function problemOf(reason: unknown): { status: number; message: string } {
  if (reason instanceof ControlError) return reason;
  if (reason instanceof BroadcastError && reason.code === 'INVALID_OPTIONS')
    return { status: 400, message: reason.message.slice(reason.code.length + 2) };
  if (reason instanceof URIError) return { status: 400, message: 'the path is not properly encoded' };
  return { status: 500, message: reason instanceof Error ? reason.message : String(reason) };
}

function respond(response: HttpResponse, status: number, answer: unknown): void {
  const text = JSON.stringify(answer ?? {});
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}
