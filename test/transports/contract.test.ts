/** Every transport keeps the same rules against the local gateway, over the wire. */
import { sdk2 } from '../support/official-sdk.js';
import { describe, it } from '@jest/globals';
import { Session } from 'yandex-cloud-sdk-3';
import { connectionService } from 'yandex-cloud-sdk-3/serverless-apigateway-websocket-v1';
import { againstEmulator, transportContract, type TransportBackend } from 'yc-broadcast/testing';
import { grpcTransport } from 'yc-broadcast/transports/grpc';
import { restTransport } from 'yc-broadcast/transports/rest';
import { sdkTransport } from 'yc-broadcast/transports/sdk';

const BACKENDS: readonly (readonly [string, TransportBackend])[] = [
  ['restTransport', againstEmulator(({ endpoint, token }) => restTransport({ endpoint, token }))],
  [
    'restTransport over TLS',
    againstEmulator(({ tls, token }) => restTransport({ endpoint: tls.endpoint, ca: tls.ca, token })),
  ],
  [
    'grpcTransport',
    againstEmulator(({ tls, token }) => grpcTransport({ endpoint: tls.endpoint, ca: tls.ca, token })),
  ],
  [
    'sdkTransport with SDK 2.8',
    againstEmulator(({ tls, token }) =>
      sdkTransport({ endpoint: tls.endpoint, ca: tls.ca, token, sdk: sdk2 }),
    ),
  ],
  [
    'sdkTransport with SDK 3.2',
    againstEmulator(({ tls, token }) =>
      sdkTransport({ endpoint: tls.endpoint, ca: tls.ca, token, sdk: { Session, connectionService } }),
    ),
  ],
];

describe.each(BACKENDS)('%s', (_name, backend) => {
  for (const { name, skip, run } of transportContract(backend)) (skip ? it.skip : it)(name, run);
});
