import { createFunctions, FUNCTIONS, type CloudFunctions } from './functions.js';
import { createGateways, GATEWAYS, type Gateways } from './gateways.js';
import { createGrpcCall } from './grpc-call.js';
import { idByName } from './listing.js';
import { createOperate, OPERATIONS } from './operations.js';
import { createIamToken, TOKENS, type Credentials } from './iam-token.js';

const ACCOUNTS = 'yandex.cloud.iam.v1.ServiceAccountService';

/** As the official SDK has them. */
const ADDRESSES: Readonly<Record<string, string>> = {
  [ACCOUNTS]: 'iam.api.cloud.yandex.net:443',
  [TOKENS]: 'iam.api.cloud.yandex.net:443',
  [OPERATIONS]: 'operation.api.cloud.yandex.net:443',
  [GATEWAYS]: 'serverless-apigateway.api.cloud.yandex.net:443',
  [FUNCTIONS]: 'serverless-functions.api.cloud.yandex.net:443',
};

export interface CloudOptions {
  readonly folderId: string;
  readonly credentials: Credentials;
  /** Host and port to call instead of the cloud's own, for all services. */
  readonly endpoint?: string | undefined;
  /** How long to wait before an operation is asked about again. Default: one second. */
  readonly pollMs?: number | undefined;
}

/** What the plugin does in a folder of the cloud. */
export interface Cloud {
  readonly folderId: string;
  readonly gateways: Gateways;
  readonly functions: CloudFunctions;
  accountId(name: string): Promise<string | undefined>;
}

export function createCloud({ folderId, credentials, endpoint, pollMs }: CloudOptions): Cloud {
  const addressOf = (service: string): string => endpoint ?? ADDRESSES[service] ?? '';
  const token = createIamToken(createGrpcCall({ addressOf }), credentials);
  const call = createGrpcCall({ addressOf, token });
  const operate = createOperate(call, { pollMs });
  return {
    folderId,
    gateways: createGateways(call, operate, folderId),
    functions: createFunctions(call, operate, folderId),
    accountId: (name) => idByName(call, ACCOUNTS, folderId, name),
  };
}
