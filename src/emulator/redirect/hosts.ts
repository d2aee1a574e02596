/** The addresses of the platform that lead to the local gateway instead. Everything else passes as it is. */

/** Where the official SDK finds the connection management API, and this library too. */
export const CONNECTIONS_HOST = 'apigateway-connections.api.cloud.yandex.net';

/** Where clients of Message Queue find it. Documented. */
export const QUEUE_HOST = 'message-queue.api.cloud.yandex.net';

/** The metadata service, which issues a function's IAM tokens. Documented. */
export const METADATA_ADDRESS = '169.254.169.254';

/** Names that the certificate of the TLS port has to have beside this machine's own. */
export const CERTIFIED_HOSTS: readonly string[] = [CONNECTIONS_HOST, QUEUE_HOST];

/** The port of this gateway that answers for `host:port`, for each address that is redirected. */
export function portsByAddress(plainPort: number, tlsPort: number): Readonly<Record<string, number>> {
  return {
    [`${CONNECTIONS_HOST}:443`]: tlsPort,
    [`${QUEUE_HOST}:443`]: tlsPort,
    [`${METADATA_ADDRESS}:80`]: plainPort,
    // Not elsewhere, but here its certificate has to be trusted, too.
    [`localhost:${tlsPort}`]: tlsPort,
    [`127.0.0.1:${tlsPort}`]: tlsPort,
  };
}
