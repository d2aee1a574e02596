/**
 * The connection management API over gRPC: unary calls over HTTP/2, as the protocol's specification has them.
 */
import { randomUUID } from 'node:crypto';
import {
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { MAX_SEND_BYTES } from '../../base/protocol.js';
import { broadcastOf } from './broadcast-header.js';
import { GRPC_PREFIX_BYTES, grpcFrame, readGrpcFrame } from '../../base/grpc-frame.js';
import { contentOf, numberOf, readMessage, textOf, type Field } from '../../base/protobuf.js';
import { connectionMessage } from './grpc-messages.js';
import type { Management, ManagementOperation, ManagementRequest, OutgoingMessage } from './management.js';
import { invalid, Refusal } from './refusal.js';

/**
 * Whether answers that fail begin with response headers. The official SDK makes an `ApiError` without a code
 * of the one form and a `ClientError` with a code of the other, and which of them the cloud uses is not
 * known.
 */
export type GrpcErrors = 'headers' | 'trailers' | 'mixed';

export interface GrpcAnswerer {
  answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void>;
}

const SERVICE = '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/';
const OPERATIONS: ReadonlyMap<string, ManagementOperation> = new Map([
  ['Send', 'send'],
  ['Get', 'get'],
  ['Disconnect', 'disconnect'],
]);
/** What gRPC servers take by default. Larger messages than that cannot be meant for this service anyway. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export function isGrpcRequest(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith('application/grpc') === true;
}

export function createGrpcAnswerer(management: Management, errors: GrpcErrors): GrpcAnswerer {
  let failures = 0;

  /** Mixed means in turn, so that a test meets both and a test that fails fails again. */
  function beginsWithHeaders(): boolean {
    failures++;
    return errors === 'headers' || (errors === 'mixed' && failures % 2 === 1);
  }

  return {
    async answer(request, response) {
      const { stream } = response;
      const answer = await management.perform(requestOf(request.headers, await readBody(request)));
      if (answer === 'hang' || stream.destroyed) return;
      if (answer === 'reset') stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else if (answer instanceof Refusal) refuse(response, answer, beginsWithHeaders());
      else succeed(response, answer === undefined ? Buffer.alloc(0) : connectionMessage(answer));
    },
  };
}

/** The request's bytes; `undefined` when there are too many. */
async function readBody(request: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_MESSAGE_BYTES + GRPC_PREFIX_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_MESSAGE_BYTES + GRPC_PREFIX_BYTES ? undefined : Buffer.concat(chunks);
}

function requestOf(headers: IncomingHttpHeaders, body: Buffer | undefined): ManagementRequest {
  const fields = (): readonly Field[] => parseMessage(body);
  return {
    via: 'gRPC',
    authorization: headers.authorization,
    broadcast: broadcastOf(headers),
    target() {
      const path = String(headers[':path']);
      const operation = operationAt(path);
      if (operation === undefined) throw new Refusal(501, 12, `there is no method ${path}`);
      return { operation, connectionId: textOf(fields(), 1) };
    },
    message: () => parseSend(fields()),
  };
}

function operationAt(path: string): ManagementOperation | undefined {
  return path.startsWith(SERVICE) ? OPERATIONS.get(path.slice(SERVICE.length)) : undefined;
}

function parseMessage(body: Buffer | undefined): readonly Field[] {
  if (body === undefined) throw new Refusal(429, 8, `the message is larger than ${MAX_MESSAGE_BYTES} bytes`);
  if (body[0] === 1) throw new Refusal(501, 12, 'compressed messages are not supported');
  const message = readGrpcFrame(body);
  const isOne = message?.length === body.length - GRPC_PREFIX_BYTES;
  try {
    if (message !== undefined && isOne) return readMessage(message);
  } catch {
    // Malformed: the same answer.
  }
  throw new Refusal(500, 13, 'the request is not a single protobuf message');
}

/**
 * By the numbers of the published enumeration. What an unspecified type does is not documented; it is text
 * here.
 */
const FRAMES: readonly OutgoingMessage['frame'][] = ['text', 'binary', 'text'];

/** `SendToConnectionRequest`: connection_id = 1, data = 2, type = 3. */
function parseSend(fields: readonly Field[]): OutgoingMessage {
  const data = contentOf(fields, 2) ?? Buffer.alloc(0);
  const frame = FRAMES[numberOf(fields, 3)];
  if (data.length === 0) throw invalid('data: is required');
  if (data.length > MAX_SEND_BYTES) throw invalid(`data: at most ${MAX_SEND_BYTES} bytes`);
  if (frame === undefined) throw invalid('type: expected TEXT or BINARY');
  return { data, frame };
}

function succeed(response: Http2ServerResponse, message: Buffer): void {
  response.writeHead(200, responseHeaders());
  response.addTrailers({ 'grpc-status': '0' });
  response.end(grpcFrame(message));
}

function refuse(response: Http2ServerResponse, refusal: Refusal, beginsWithHeaders: boolean): void {
  const status = statusOf(refusal);
  if (beginsWithHeaders) {
    response.writeHead(200, responseHeaders());
    response.addTrailers(status);
    response.end();
  } else {
    response.stream.respond({ ':status': 200, ...responseHeaders(), ...status }, { endStream: true });
  }
}

function responseHeaders(): OutgoingHttpHeaders {
  return { 'content-type': 'application/grpc', 'x-request-id': randomUUID() };
}

function statusOf({ code, message, retryAfterSeconds }: Refusal): OutgoingHttpHeaders {
  return {
    'grpc-status': String(code),
    'grpc-message': percentEncoded(message),
    ...(retryAfterSeconds === undefined
      ? {}
      : { 'grpc-retry-pushback-ms': String(retryAfterSeconds * 1000) }),
  };
}

/**
 * Exactly what the specification wants encoded: the bytes of UTF-8 that are not printable ASCII, and the
 * percent sign.
 */
function percentEncoded(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[^ -$&-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
