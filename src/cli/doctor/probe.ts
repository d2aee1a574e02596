/**
 * The function of the self-test, as people write theirs: no address, no token, no certificate. It is text
 * because it has to be loaded from the project, where the SDK is found.
 */
export const PROBE = `
const { DOCTOR_SDK } = process.env;

// By name at run time: the paths of one version are missing in the other, and a bundler would look for both.
const load = (name) => import(name);

async function open() {
  if (DOCTOR_SDK === '') return viaFetch();
  const sdk = await load('@yandex-cloud/nodejs-sdk');
  if (DOCTOR_SDK === '2') {
    const service = sdk.cloudApi.serverless.apigateway_connection_service;
    return viaSdk(new sdk.Session().client(sdk.serviceClients.WebSocketConnectionServiceClient), service);
  }
  const { connectionService } = await load('@yandex-cloud/nodejs-sdk/serverless-apigateway-websocket-v1');
  return viaSdk(new sdk.Session().client(connectionService.ConnectionServiceClient), connectionService);
}

function viaSdk(client, service) {
  const type = service.SendToConnectionRequest_DataType.TEXT;
  return {
    get: (connectionId) => client.get(service.GetConnectionRequest.fromPartial({ connectionId })),
    send: (connectionId, data) => client.send(service.SendToConnectionRequest.fromPartial({ connectionId, data, type })),
    disconnect: (connectionId) => client.disconnect(service.DisconnectRequest.fromPartial({ connectionId })),
  };
}

async function viaFetch() {
  const token = 'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token';
  const { access_token } = await (await fetch(token, { headers: { 'Metadata-Flavor': 'Google' } })).json();
  const headers = { Authorization: 'Bearer ' + access_token };
  const ask = async (path, init) => {
    const host = 'https://apigateway-connections.api.cloud.yandex.net';
    const { ok, status } = await fetch(host + '/apigateways/websocket/v1/connections/' + path, { headers, ...init });
    if (!ok) throw new Error('the gateway answered ' + status);
  };
  return {
    get: (id) => ask(id),
    send: (id, data) => ask(id + ':send', {
      method: 'POST',
      body: JSON.stringify({ type: 'TEXT', data: data.toString('base64') }),
    }),
    disconnect: (id) => ask(id, { method: 'DELETE' }),
  };
}

async function probe(connectionId) {
  const times = {};
  const client = await open();
  for (const [step, data] of [['get'], ['send', Buffer.from('sent by the doctor')], ['disconnect']]) {
    const startedAt = performance.now();
    await client[step](connectionId, data);
    times[step] = Math.round(performance.now() - startedAt);
  }
  return { times };
}

export const handler = async ({ requestContext: { eventType }, body }) => {
  if (eventType !== 'MESSAGE') return { statusCode: 200 };
  const answer = await probe(body).catch((error) => ({ problem: String(error?.message ?? error) }));
  return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(answer) };
};
`;
