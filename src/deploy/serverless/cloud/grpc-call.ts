import { once } from 'node:events';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { grpcFrame, readGrpcFrame } from '../../../base/grpc-frame.js';
import { caFromEnvironment } from '../../../transports/ca.js';
import { CloudError } from './cloud-error.js';

/**
 * Calls one method, `Service/Method` with the whole name, and resolves with the message that was answered.
 */
export type GrpcCall = (method: string, request: Buffer) => Promise<Buffer>;

export interface GrpcOptions {
  /** Where a service is: host and port. */
  readonly addressOf: (service: string) => string;
  /** Asked before every call. Not asked: the call says nothing of who makes it. */
  readonly token?: (() => Promise<string>) | undefined;
}

const CONNECT_TIMEOUT_MS = 10_000;
const CALL_TIMEOUT_MS = 30_000;
const UNAVAILABLE = 14;

/**
 * Calls over gRPC, one connection for each: deploying makes a dozen. The transports' client is not for this:
 * its connections never keep a process alive, and its words are those of sending.
 */
export function createGrpcCall({ addressOf, token }: GrpcOptions): GrpcCall {
  return async (method, request) => {
    const [service = ''] = method.split('/');
    const bearer = await token?.();
    const session = await openSession(method, addressOf(service));
    try {
      return await exchange(session, method, request, bearer);
    } finally {
      session.destroy();
    }
  };
}

async function openSession(method: string, address: string): Promise<ClientHttp2Session> {
  const session = connect(`https://${address}`, { ca: caFromEnvironment() });
  // Whoever waits on it is told as well.
  session.on('error', () => undefined);
  try {
    await once(session, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return session;
  } catch (cause) {
    session.destroy();
    const { message } = cause as Error;
    throw new CloudError({
      method,
      status: UNAVAILABLE,
      text: `no connection to ${address}: ${message}`,
      cause,
    });
  }
}

function exchange(
  session: ClientHttp2Session,
  method: string,
  request: Buffer,
  bearer: string | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const fail = (problem: string, cause?: unknown): void => {
      reject(new CloudError({ method, status: UNAVAILABLE, text: problem, cause }));
    };
    const stream = session.request({
      ':method': 'POST',
      ':path': `/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    });
    stream.setTimeout(CALL_TIMEOUT_MS, () => {
      fail(`no answer within ${CALL_TIMEOUT_MS / 1000} s`);
    });
    const chunks: Buffer[] = [];
    let fields: IncomingHttpHeaders = {};
    const onHeaders = (headers: IncomingHttpHeaders): void => {
      fields = { ...fields, ...headers };
    };
    stream.on('response', onHeaders).on('trailers', onHeaders);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error: Error) => {
      fail(`the answer ended early: ${error.message}`, error);
    });
    stream.on('end', () => {
      const error = errorOf(method, fields);
      const message = readGrpcFrame(Buffer.concat(chunks));
      if (error !== undefined) reject(error);
      else if (message === undefined) fail('the answer is incomplete');
      else resolve(message);
    });
    stream.end(grpcFrame(request));
  });
}

function errorOf(method: string, fields: IncomingHttpHeaders): CloudError | undefined {
  const status = fields['grpc-status'];
  if (status === '0') return undefined;
  if (typeof status !== 'string')
    return new CloudError({ method, status: UNAVAILABLE, text: `HTTP status ${String(fields[':status'])}` });
  const text = fields['grpc-message'];
  return new CloudError({
    method,
    status: Number(status),
    text: decoded(typeof text === 'string' ? text : ''),
  });
}

/** What gRPC does to texts in headers. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
