import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from 'node:http2';
import { keepBody, noFields, type AnswerFields, type Exchange } from './exchange.js';

/** What a request on `node:http2` tells its session. */
export interface NodeStreamEvents {
  /** The headers of the answer are there. */
  onHeard(): void;
  /** The answer has come to its end. */
  onComplete(exchange: Exchange, stream: ClientHttp2Stream): void;
  /** The stream is over, whatever became of it. */
  onClose(exchange: Exchange, stream: ClientHttp2Stream): void;
}

/** Sends the request and gathers its answer in the exchange. */
export function openNodeStream(
  session: ClientHttp2Session,
  exchange: Exchange,
  events: NodeStreamEvents,
): ClientHttp2Stream {
  const { template, token, head, tail } = exchange;
  const stream = session.request({
    ':method': 'POST',
    ':path': template.path,
    ...Object.fromEntries(template.headers),
    authorization: `Bearer ${token}`,
  });
  stream.on('response', (headers) => {
    events.onHeard();
    exchange.fields = readFields(noFields(), headers);
  });
  stream.on('trailers', (headers: IncomingHttpHeaders) => {
    if (exchange.fields !== undefined) readFields(exchange.fields, headers);
  });
  stream.on('data', (chunk: Buffer) => {
    keepBody(exchange, chunk);
  });
  stream.on('end', () => {
    events.onComplete(exchange, stream);
  });
  // The event that tells what became of the stream is 'close'.
  stream.on('error', () => undefined);
  stream.on('close', () => {
    events.onClose(exchange, stream);
  });
  stream.end(Buffer.concat([head, tail]));
  return stream;
}

function readFields(
  fields: AnswerFields,
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
): AnswerFields {
  fields.status = headers[':status'] ?? fields.status;
  fields.grpcStatus = textOf(headers['grpc-status']) ?? fields.grpcStatus;
  fields.grpcMessage = textOf(headers['grpc-message']) ?? fields.grpcMessage;
  fields.retryAfter = textOf(headers['retry-after']) ?? fields.retryAfter;
  fields.pushback = textOf(headers['grpc-retry-pushback-ms']) ?? fields.pushback;
  return fields;
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
