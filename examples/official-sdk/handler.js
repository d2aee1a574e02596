// A function that was written for the cloud, with the official SDK as its documentation shows it, and knows nothing of
// yc-broadcast: no address, no certificate, no token, no question whether it runs on a laptop.
import { Buffer } from 'node:buffer';
import { cloudApi, serviceClients, Session } from '@yandex-cloud/nodejs-sdk';

const { SendToConnectionRequest, SendToConnectionRequest_DataType } =
  cloudApi.serverless.apigateway_connection_service;
const connections = new Session().client(serviceClients.WebSocketConnectionServiceClient);

export async function handler({ body, requestContext: { eventType, connectionId } }) {
  if (eventType === 'MESSAGE') {
    const request = SendToConnectionRequest.fromPartial({
      connectionId,
      type: SendToConnectionRequest_DataType.TEXT,
      data: Buffer.from(`echo: ${body}`),
    });
    await connections.send(request);
  }
  return { statusCode: 200 };
}
