/** The connection management API does not depend on the region, and the gateway's id is not part of a path. */
const CLOUD_ENDPOINT = 'https://apigateway-connections.api.cloud.yandex.net';

/** Where the connection management API is when no option says it: `YC_BROADCAST_ENDPOINT`, else the cloud's address. */
export function endpointFromEnvironment(): string {
  return process.env['YC_BROADCAST_ENDPOINT'] ?? CLOUD_ENDPOINT;
}
