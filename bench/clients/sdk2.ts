import { cloudApi, serviceClients, Session } from '@yandex-cloud/nodejs-sdk';
import { PAYLOAD, TOKEN, type Target } from '../target.js';
import type { Client } from './client.js';

const { SendToConnectionRequest, SendToConnectionRequest_DataType } =
  cloudApi.serverless.apigateway_connection_service;

export function open({ port }: Target): Client {
  const data = Buffer.from(PAYLOAD);
  const session = new Session({ iamToken: TOKEN });
  const client = session.client(serviceClients.WebSocketConnectionServiceClient, `localhost:${port}`);
  return {
    send: (connectionId) =>
      client.send(
        SendToConnectionRequest.fromPartial({
          connectionId,
          type: SendToConnectionRequest_DataType.TEXT,
          data,
        }),
      ),
  };
}
