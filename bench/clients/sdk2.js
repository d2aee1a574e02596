// In JavaScript: the SDK's types are 500 files that take the compiler longer than all of ours.
import { Buffer } from 'node:buffer';
import { cloudApi, serviceClients, Session } from '@yandex-cloud/nodejs-sdk';
import { PAYLOAD, TOKEN } from '../target.js';

const { SendToConnectionRequest, SendToConnectionRequest_DataType } =
  cloudApi.serverless.apigateway_connection_service;

/** @param {import('../target.js').Target} target */
export function open({ port }) {
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
