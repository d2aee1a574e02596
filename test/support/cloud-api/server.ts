/**
 * A stand-in of the cloud's deployment API: the services that the official SDK defines, served over gRPC with
 * TLS. It keeps what is made in memory, takes a moment for it, and refuses what the API's definitions refuse.
 * Nobody has compared it with the cloud.
 */
import { promisify } from 'node:util';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { FolderServiceService } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/resourcemanager/v1/folder_service.js';
import { registryService } from 'yandex-cloud-sdk-3/containerregistry-v1';
import {
  accessKeyService as keyApi,
  iamTokenService,
  serviceAccountService,
} from 'yandex-cloud-sdk-3/iam-v1';
import { operationService } from 'yandex-cloud-sdk-3/operation';
import { apigatewayService } from 'yandex-cloud-sdk-3/serverless-apigateway-v1';
import { functionService as functionApi } from 'yandex-cloud-sdk-3/serverless-functions-v1';
import { triggerService as triggerApi, type trigger } from 'yandex-cloud-sdk-3/serverless-triggers-v1';
import type { Certificate } from '../certificate.js';
import { createDesk, found, type Desk } from './desk.js';
import { functionService, type StoredFunction } from './functions.js';
import { gatewayService, type StoredGateway } from './gateways.js';
import {
  accessKeyService,
  accountService,
  folderService,
  tokenService,
  type StoredAccount,
  type StoredKey,
} from './identity.js';
import { triggerService } from './triggers.js';

export interface CloudApi extends Pick<Desk, 'calls' | 'failures'> {
  /** Host and port. */
  readonly endpoint: string;
  readonly folderId: string;
  readonly gateways: Map<string, StoredGateway>;
  readonly functions: Map<string, StoredFunction>;
  readonly accounts: Map<string, StoredAccount>;
  readonly triggers: ReadonlyMap<string, trigger.Trigger>;
  readonly keys: ReadonlyMap<string, StoredKey>;
  close(): void;
}

export const IAM_TOKEN = 't1.secret-iam-token';
export const OAUTH_TOKEN = 'y0_secret-oauth-token';

/** @param polls How often an operation is asked about before it is done. */
export async function startCloudApi({ key, cert }: Certificate, polls = 1): Promise<CloudApi> {
  const desk = createDesk(IAM_TOKEN, polls);
  const gateways = new Map<string, StoredGateway>();
  const functions = new Map<string, StoredFunction>();
  const accounts = new Map<string, StoredAccount>();
  const triggers = new Map<string, trigger.Trigger>();
  const keys = new Map<string, StoredKey>();

  const server = new Server();
  server.addService(apigatewayService.ApiGatewayServiceService, gatewayService(desk, gateways));
  server.addService(functionApi.FunctionServiceService, functionService(desk, functions));
  server.addService(triggerApi.TriggerServiceService, triggerService(desk, triggers));
  server.addService(serviceAccountService.ServiceAccountServiceService, accountService(desk, accounts));
  server.addService(keyApi.AccessKeyServiceService, accessKeyService(desk, accounts, keys));
  server.addService(FolderServiceService, folderService(desk, accounts));
  server.addService(iamTokenService.IamTokenServiceService, tokenService(IAM_TOKEN, OAUTH_TOKEN));
  server.addService(registryService.RegistryServiceService, {
    list: desk.handle('RegistryService/List', () => registryService.ListRegistriesResponse.fromPartial({})),
  });
  server.addService(operationService.OperationServiceService, {
    get: desk.handle('OperationService/Get', ({ operationId }: operationService.GetOperationRequest) =>
      found(desk.operations, operationId, 'Operation')(),
    ),
  });

  const credentials = ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) },
  ]);
  const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', credentials);
  return {
    endpoint: `localhost:${port}`,
    folderId: 'b1gfolder',
    calls: desk.calls,
    failures: desk.failures,
    gateways,
    functions,
    accounts,
    triggers,
    keys,
    close: () => {
      server.forceShutdown();
    },
  };
}
