/** The connection management API as it answers, without a word of what an answer means. */
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { once } from 'node:events';
import { grpcFrame } from '../../base/grpc-frame.js';
import { message } from '../../base/protobuf.js';
import { callHttp } from './http.js';

/** The numbers of the published enumeration. */
export const DATA_TYPE = { unspecified: 0, binary: 1, text: 2 } as const;
export type DataType = keyof typeof DATA_TYPE;

const REST_NAMES: Readonly<Record<DataType, string>> = {
  unspecified: 'DATA_TYPE_UNSPECIFIED',
  binary: 'BINARY',
  text: 'TEXT',
};

/** Each method resolves with the status: of HTTP or of gRPC. */
export interface ManagementClient {
  send(connectionId: string, data: Buffer, type?: DataType): Promise<number>;
  get(connectionId: string): Promise<number>;
  disconnect(connectionId: string): Promise<number>;
  close(): void;
}

export interface ManagementAddress {
  readonly endpoint: string;
  token(): Promise<string>;
  readonly ca?: string | undefined;
}

export function restClient({ endpoint, token, ca }: ManagementAddress): ManagementClient {
  async function call(method: 'GET' | 'POST' | 'DELETE', rest: string, body?: object): Promise<number> {
    const url = new URL(`/apigateways/websocket/v1/connections/${rest}`, endpoint);
    const headers = { Authorization: `Bearer ${await token()}`, 'Content-Type': 'application/json' };
    const text = body === undefined ? undefined : JSON.stringify(body);
    return (await callHttp({ url, method, headers, body: text, ca })).status;
  }
  return {
    send: (id, data, type = 'text') =>
      call('POST', `${encodeURIComponent(id)}:send`, {
        data: data.toString('base64'),
        type: REST_NAMES[type],
      }),
    get: (id) => call('GET', encodeURIComponent(id)),
    disconnect: (id) => call('DELETE', encodeURIComponent(id)),
    close: () => undefined,
  };
}

const SERVICE = '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/';
const CALL_MS = 30_000;

/** One session for all calls; another one when it has ended. */
export function grpcClient({ endpoint, token, ca }: ManagementAddress): ManagementClient {
  let session: ClientHttp2Session | undefined;

  function open(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    session = connect(endpoint, ca === undefined ? {} : { ca });
    // Whoever waits on it is told as well.
    session.on('error', () => undefined);
    return session;
  }

  async function call(method: string, request: Buffer): Promise<number> {
    const stream = open().request({
      ':method': 'POST',
      ':path': SERVICE + method,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${await token()}`,
    });
    let status: unknown;
    const look = (headers: IncomingHttpHeaders): void => {
      status = headers['grpc-status'] ?? status;
    };
    stream.on('response', look).on('trailers', look);
    stream.resume().end(grpcFrame(request));
    await once(stream, 'end', { signal: AbortSignal.timeout(CALL_MS) });
    return Number(status);
  }

  return {
    send: (id, data, type = 'text') => call('Send', message([1, id], [2, data], [3, DATA_TYPE[type]])),
    get: (id) => call('Get', message([1, id])),
    disconnect: (id) => call('Disconnect', message([1, id])),
    close: () => session?.destroy(),
  };
}
