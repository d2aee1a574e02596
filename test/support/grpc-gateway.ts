/** The connection management API as grpc-js and the official SDK's generated code understand it. */
import { promisify } from 'node:util';
import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { Connection } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/serverless/apigateway/websocket/v1/connection.js';
import {
  ConnectionServiceService,
  SendToConnectionResponse,
  DisconnectResponse,
  type DisconnectRequest,
  type GetConnectionRequest,
  type SendToConnectionRequest,
} from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/serverless/apigateway/websocket/v1/connection_service.js';
import type { Certificate } from './certificate.js';

export interface GrpcRefusal {
  /** gRPC status. */
  readonly code: number;
  readonly details: string;
  /** Metadata sent before anything else: then the status comes in trailers of its own. */
  readonly headersFirst?: boolean;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** What the gateway says to a request: nothing is yes, `never` is silence. */
export type GrpcBehaviour = (connectionId: string, token: string) => GrpcRefusal | 'never' | undefined;

export interface GrpcGateway {
  readonly endpoint: string;
  readonly sent: readonly SendToConnectionRequest[];
  readonly disconnected: readonly string[];
  close(): void;
}

export async function grpcGateway(
  { key, cert }: Certificate,
  behaviour: GrpcBehaviour = () => undefined,
): Promise<GrpcGateway> {
  const sent: SendToConnectionRequest[] = [];
  const disconnected: string[] = [];
  const server = new Server();

  /** Answers one call: `carryOut` does what was asked and gives the response. */
  function handle<Q extends { connectionId: string }, A>(carryOut: (request: Q) => A) {
    return (call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>): void => {
      const { connectionId } = call.request;
      const verdict = behaviour(connectionId, String(call.metadata.get('authorization')[0]).slice(7));
      if (verdict === 'never') return;
      if (verdict === undefined) {
        callback(null, carryOut(call.request));
        return;
      }
      if (verdict.headersFirst === true) call.sendMetadata(new Metadata());
      callback(errorOf(verdict));
    };
  }

  server.addService(ConnectionServiceService, {
    send: handle((request: SendToConnectionRequest) => {
      sent.push(request);
      return SendToConnectionResponse.fromPartial({});
    }),
    get: handle(({ connectionId }: GetConnectionRequest) =>
      Connection.fromPartial({
        id: connectionId,
        gatewayId: 'd5dsample',
        identity: { sourceIp: '203.0.113.7', userAgent: 'Mozilla/5.0' },
        connectedAt: new Date(1_700_000_000_123),
        lastActiveAt: new Date(1_700_000_100_000),
      }),
    ),
    disconnect: handle(({ connectionId }: DisconnectRequest) => {
      disconnected.push(connectionId);
      return DisconnectResponse.fromPartial({});
    }),
  });

  const credentials = ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) },
  ]);
  const port = await promisify(server.bindAsync.bind(server))('localhost:0', credentials);
  return {
    endpoint: `https://localhost:${port}`,
    sent,
    disconnected,
    close: () => {
      server.forceShutdown();
    },
  };
}

function errorOf({ code, details, trailers }: GrpcRefusal) {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers ?? {})) metadata.set(name, value);
  return Object.assign(new Error(details), { code, details, metadata });
}
