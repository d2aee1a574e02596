/** The connection management API over REST: paths, statuses and error bodies of the platform. */
import { randomUUID } from 'node:crypto';
import { MAX_SEND_BYTES } from '../../base/protocol.js';
import type { ConnectionInfo } from '../../model/transport.js';
import { broadcastOf } from './broadcast-header.js';
import type { IncomingRequest, HttpResponse } from '../http/exchange.js';
import type { Management, ManagementAnswer, ManagementRequest, OutgoingMessage } from './management.js';
import { requestUrl } from '../http/request-url.js';
import { invalid, Refusal } from './refusal.js';

const PREFIX = '/apigateways/';
const CONNECTIONS = '/apigateways/websocket/v1/connections/';
const RIGHT_PATH = `${CONNECTIONS}{connectionId}, with :send behind it for Send`;
/** More than any valid request needs: 131,072 bytes as base64, and a little JSON around them. */
const MAX_BODY_BYTES = 512 * 1024;

export function isRestRequest({ url }: IncomingRequest): boolean {
  return url?.startsWith(PREFIX) === true;
}

/** @param reset Cuts the request off without an answer. */
export async function answerRest(
  management: Management,
  request: IncomingRequest,
  response: HttpResponse,
  reset: () => void,
): Promise<void> {
  const answer = await management.perform(requestOf(request, await readBody(request)));
  if (answer === 'reset') reset();
  else if (answer !== 'hang') respond(response, answer);
}

/** The body as text; `undefined` when it is too large. */
async function readBody(request: IncomingRequest): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function requestOf(
  { method = '', url = '', headers }: IncomingRequest,
  body: string | undefined,
): ManagementRequest {
  return {
    via: 'REST',
    authorization: headers.authorization,
    broadcast: broadcastOf(headers),
    target() {
      const { connectionId, isSend } = parsePath(url);
      if (isSend && method === 'POST') return { operation: 'send', connectionId };
      if (!isSend && method === 'GET') return { operation: 'get', connectionId };
      if (!isSend && method === 'DELETE') return { operation: 'disconnect', connectionId };
      throw new Refusal(405, 12, `${method} is not a method of ${RIGHT_PATH}`);
    },
    message() {
      if (body === undefined) throw invalid(`data: expected at most ${MAX_SEND_BYTES} characters`);
      return parseSend(body);
    },
  };
}

/**
 * Takes the forms of the path that are seen in the wild, and tells the right one for those that do not work.
 */
function parsePath(url: string): { connectionId: string; isSend: boolean } {
  const path = requestUrl({ url }).pathname;
  const rest = path.startsWith(CONNECTIONS) ? path.slice(CONNECTIONS.length) : '';
  const [, encoded, action] = /^([^/:]+?)(:send|%3Asend)?$/i.exec(rest) ?? [];
  if (encoded === undefined) throw new Refusal(404, 5, `no such path; it is ${RIGHT_PATH}`);
  try {
    return { connectionId: decodeURIComponent(encoded), isSend: action !== undefined };
  } catch {
    throw invalid('connection_id: is not properly encoded');
  }
}

/** Names of the published enumeration. What an unspecified type does is not documented; it is text here. */
const FRAMES: Readonly<Record<string, OutgoingMessage['frame']>> = {
  TEXT: 'text',
  BINARY: 'binary',
  DATA_TYPE_UNSPECIFIED: 'text',
};

function parseSend(body: string): OutgoingMessage {
  const message = parseJson(body);
  const data = message['data'];
  const type = message['type'] ?? 'DATA_TYPE_UNSPECIFIED';
  if (data === undefined || data === '') throw invalid('data: is required');
  if (typeof data !== 'string') throw invalid('data: expected a base64 string');
  if (data.length > MAX_SEND_BYTES) throw invalid(`data: expected at most ${MAX_SEND_BYTES} characters`);
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(data)) throw invalid('data: is not base64');
  const frame = typeof type === 'string' && Object.hasOwn(FRAMES, type) ? FRAMES[type] : undefined;
  if (frame === undefined) throw invalid('type: expected TEXT or BINARY');
  return { data: Buffer.from(data, 'base64'), frame };
}

function parseJson(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Answered below, as anything else that is no object.
  }
  throw invalid('the body is not a JSON object');
}

function respond(response: HttpResponse, answer: Exclude<ManagementAnswer, string>): void {
  const isRefused = answer instanceof Refusal;
  const text = JSON.stringify(bodyOf(answer));
  const retryAfter = isRefused ? answer.retryAfterSeconds : undefined;
  response.writeHead(isRefused ? answer.status : 200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'X-Request-Id': randomUUID(),
    ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
  });
  response.end(text);
}

function bodyOf(answer: ConnectionInfo | Refusal | undefined): object {
  if (answer === undefined) return {};
  if (answer instanceof Refusal) return { code: answer.code, message: answer.message, details: [] };
  const { id, gatewayId, sourceIp, userAgent, connectedAt, lastActiveAt } = answer;
  return {
    id,
    gatewayId,
    identity: { sourceIp, userAgent },
    connectedAt: new Date(connectedAt).toISOString(),
    lastActiveAt: new Date(lastActiveAt).toISOString(),
  };
}
