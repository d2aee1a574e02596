import { Session } from 'yandex-cloud-sdk-3';
import { connectionService } from 'yandex-cloud-sdk-3/serverless-apigateway-websocket-v1';
import { PAYLOAD, TOKEN, type Target } from '../target.js';
import type { Client } from './client.js';

const { ConnectionServiceClient, SendToConnectionRequest, SendToConnectionRequest_DataType } =
  connectionService;

export function open({ port }: Target): Client {
  const data = Buffer.from(PAYLOAD);
  const client = new Session({ iamToken: TOKEN }).client(ConnectionServiceClient, `localhost:${port}`);
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
