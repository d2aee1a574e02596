import { ACCESS_KEYS, ACCOUNTS, createAccounts, FOLDERS, type Accounts } from './accounts.js';
import { createFunctions, FUNCTIONS, type CloudFunctions } from './functions.js';
import { createGateways, GATEWAYS, type Gateways } from './gateways.js';
import { createGrpcCall } from './grpc-call.js';
import { createOperate, OPERATIONS } from './operations.js';
import { createIamToken, TOKENS, type Credentials } from './iam-token.js';
import { createTriggers, TRIGGERS, type CloudTriggers } from './triggers.js';

/** As the official SDK has them. */
const ADDRESSES: Readonly<Record<string, string>> = {
  [ACCOUNTS]: 'iam.api.cloud.yandex.net:443',
  [ACCESS_KEYS]: 'iam.api.cloud.yandex.net:443',
  [FOLDERS]: 'resource-manager.api.cloud.yandex.net:443',
  [TRIGGERS]: 'serverless-triggers.api.cloud.yandex.net:443',
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

/** What a deploy does in a folder of the cloud. */
export interface Cloud {
  readonly folderId: string;
  readonly gateways: Gateways;
  readonly functions: CloudFunctions;
  readonly accounts: Accounts;
  readonly triggers: CloudTriggers;
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
    accounts: createAccounts(call, operate, folderId),
    triggers: createTriggers(call, operate, folderId),
  };
}
