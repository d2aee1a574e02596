import type * as service from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/serverless/apigateway/websocket/v1/connection_service.js';
import type { Connection } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/serverless/apigateway/websocket/v1/connection.js';

declare class Session {
  constructor(config: { readonly iamToken: string; readonly ssl?: { readonly rootCerts: Buffer } });
  client(service: object, endpoint?: string): Client;
}

interface Client {
  send(request: service.SendToConnectionRequest): Promise<unknown>;
  get(request: service.GetConnectionRequest): Promise<Connection>;
  disconnect(request: service.DisconnectRequest): Promise<unknown>;
}

/** `import * as sdk2 from '@yandex-cloud/nodejs-sdk'`, 2.x: as much of it as is used here. */
export declare const sdk2: {
  readonly Session: typeof Session;
  readonly serviceClients: { readonly WebSocketConnectionServiceClient: object };
  readonly cloudApi: { readonly serverless: { readonly apigateway_connection_service: typeof service } };
};
