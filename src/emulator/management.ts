/** The connection management API over REST: paths, validation, statuses and error bodies of the platform. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_CONNECTION_ID_LENGTH, MAX_SEND_BYTES } from '../protocol.js';
import type { Clock } from './clock.js';
import type { OpenConnection } from './connections.js';
import type { Gateway } from './gateway.js';
import type { Timeline } from './timeline.js';

export interface ManagementOptions {
  readonly gateway: Gateway;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly gatewayId: string;
  /** The only token that is accepted; any at all when `undefined`. */
  readonly token: string | undefined;
}

const PREFIX = '/apigateways/';
const CONNECTIONS = '/apigateways/websocket/v1/connections/';
const RIGHT_PATH = `${CONNECTIONS}{connectionId}, with :send behind it for Send`;
/** More than any valid request needs: 131,072 bytes as base64, and a little JSON around them. */
const MAX_BODY_BYTES = 512 * 1024;

/** Refused by the API: HTTP status, gRPC code and message of its google.rpc.Status body. */
class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const invalid = (message: string): Refusal => new Refusal(400, 3, message);

/** Answers requests of the management API; `false` when a request is for something else. */
export interface Management {
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  underWay(): number;
}

export function createManagement(options: ManagementOptions): Management {
  let underWay = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const call: Call = { type: 'send', connectionId: undefined };
    try {
      const body = await readBody(request);
      const result = perform(options, request, body, call);
      respond(response, 200, result);
      log(options.timeline, call, 200, performance.now() - startedAt, undefined);
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : new Refusal(500, 13, 'internal error of the local gateway');
      respond(response, refusal.status, { code: refusal.code, message: refusal.message, details: [] });
      log(options.timeline, call, refusal.status, performance.now() - startedAt, refusal.message);
    }
  }

  return {
    handle(request, response) {
      if (request.url?.startsWith(PREFIX) !== true) return false;
      underWay++;
      void answer(request, response).finally(() => underWay--);
      return true;
    },
    underWay: () => underWay,
  };
}

/** What is known of a call by the time it is logged. */
interface Call {
  type: 'send' | 'get' | 'kick';
  connectionId: string | undefined;
  bytes?: number;
  frame?: 'text' | 'binary';
}

function perform(options: ManagementOptions, request: IncomingMessage, body: string, call: Call): object {
  authenticate(request, options.token);
  const { id, isSend } = parsePath(request.url ?? '');
  call.connectionId = id;
  if (id.length > MAX_CONNECTION_ID_LENGTH)
    throw invalid(`connection_id: at most ${MAX_CONNECTION_ID_LENGTH} characters`);
  if (isSend && request.method === 'POST') return send(options, id, body, call);
  if (!isSend && request.method === 'GET') return get(options, id, call);
  if (!isSend && request.method === 'DELETE') return disconnect(options, id, call);
  throw new Refusal(405, 12, `${request.method ?? ''} is not a method of ${RIGHT_PATH}`);
}

function authenticate(request: IncomingMessage, expected: string | undefined): void {
  const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new Refusal(401, 16, 'Authorization: Bearer <IAM token> is missing');
  if (expected !== undefined && token !== expected) throw new Refusal(401, 16, 'The token is invalid');
}

/** Takes the forms of the path that are seen in the wild, and tells the right one for those that do not work. */
function parsePath(url: string): { id: string; isSend: boolean } {
  const path = new URL(url, 'http://gateway').pathname;
  const rest = path.startsWith(CONNECTIONS) ? path.slice(CONNECTIONS.length) : '';
  const [, encoded, action] = /^([^/:]+?)(:send|%3Asend)?$/i.exec(rest) ?? [];
  if (encoded === undefined) throw new Refusal(404, 5, `no such path; it is ${RIGHT_PATH}`);
  try {
    return { id: decodeURIComponent(encoded), isSend: action !== undefined };
  } catch {
    throw invalid('connection_id: is not properly encoded');
  }
}

function find({ gateway }: ManagementOptions, id: string): OpenConnection {
  const connection = gateway.connections.get(id);
  if (connection === undefined) throw new Refusal(404, 5, `Connection ${id} not found`);
  return connection;
}

function send(options: ManagementOptions, id: string, body: string, call: Call): object {
  const { data, isBinary } = parseSend(body);
  call.bytes = data.length;
  call.frame = isBinary ? 'binary' : 'text';
  options.gateway.deliver(find(options, id), data, isBinary);
  return {};
}

/** Names and numbers of the published enumeration. What an unspecified type does is not documented; it is text here. */
const TYPES: Readonly<Record<string, 'text' | 'binary'>> = {
  TEXT: 'text',
  BINARY: 'binary',
  DATA_TYPE_UNSPECIFIED: 'text',
};

function parseSend(body: string): { data: Buffer; isBinary: boolean } {
  const message = parseJson(body);
  const data = message['data'];
  const type = message['type'] ?? 'DATA_TYPE_UNSPECIFIED';
  if (data === undefined || data === '') throw invalid('data: is required');
  if (typeof data !== 'string') throw invalid('data: expected a base64 string');
  if (data.length > MAX_SEND_BYTES) throw invalid(`data: at most ${MAX_SEND_BYTES} characters`);
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(data)) throw invalid('data: is not base64');
  const frame = typeof type === 'string' ? TYPES[type] : undefined;
  if (frame === undefined) throw invalid('type: expected TEXT or BINARY');
  return { data: Buffer.from(data, 'base64'), isBinary: frame === 'binary' };
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

function get(options: ManagementOptions, id: string, call: Call): object {
  call.type = 'get';
  const { handshake, lastActiveAt } = find(options, id);
  return {
    id,
    gatewayId: options.gatewayId,
    identity: { sourceIp: handshake.sourceIp, userAgent: handshake.headers['User-Agent'] ?? '' },
    connectedAt: new Date(handshake.connectedAt).toISOString(),
    lastActiveAt: new Date(lastActiveAt).toISOString(),
  };
}

/** Clients of a connection that was closed this way see code 1000 and no reason, as the official tutorial shows. */
function disconnect(options: ManagementOptions, id: string, call: Call): object {
  call.type = 'kick';
  options.gateway.close(find(options, id), { code: 1000, reason: '', by: 'api' });
  return {};
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw invalid(`data: at most ${MAX_SEND_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function respond(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'X-Request-Id': randomUUID(),
  });
  response.end(text);
}

function log(
  timeline: Timeline,
  call: Call,
  status: number,
  durationMs: number,
  reason: string | undefined,
): void {
  timeline.add({ ...call, status, durationMs, reason, level: status >= 400 ? 'warning' : 'info' });
}
