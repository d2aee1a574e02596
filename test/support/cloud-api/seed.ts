/** What the provider's plugin would have made in the stand-in, without it. */
import { function as functions } from 'yandex-cloud-sdk-3/serverless-functions-v1';
import { serviceAccount } from 'yandex-cloud-sdk-3/iam-v1';
import { apigateway } from 'yandex-cloud-sdk-3/serverless-apigateway-v1';
import type { CloudApi } from './server.js';

let made = 0;

type VersionFields = Partial<functions.Version>;

/** A new version of a function, and the function if need be. Returns the function's id. */
export function deployVersion(cloud: CloudApi, name: string, fields: VersionFields = {}): string {
  const known = [...cloud.functions.values()].find(({ definition }) => definition.name === name);
  const stored = known ?? { definition: newFunction(cloud, name), versions: [] };
  const { id } = stored.definition;
  const version = functions.Version.fromPartial({ id: newId('d4e'), functionId: id, tags: ['$latest'] });
  stored.versions.push({ version: { ...version, ...fields }, content: Buffer.from('code') });
  cloud.functions.set(id, stored);
  return id;
}

function newFunction({ folderId }: CloudApi, name: string): functions.Function {
  return functions.Function.fromPartial({
    id: newId('d4e'),
    folderId,
    name,
    description: '',
    labels: {},
    httpInvokeUrl: '',
    status: functions.Function_Status.ACTIVE,
  });
}

/** Returns the account's id. */
export function addAccount({ accounts, folderId }: CloudApi, name: string): string {
  const account = serviceAccount.ServiceAccount.fromPartial({ id: newId('aje'), folderId, name });
  accounts.set(account.id, { account, roles: new Set() });
  return account.id;
}

/** A gateway that somebody else made. */
export function addGateway({ gateways, folderId }: CloudApi, name: string, labels = {}): void {
  const gateway = apigateway.ApiGateway.fromPartial({ id: newId('d5d'), folderId, name, labels });
  gateways.set(gateway.id, { gateway, spec: '' });
}

function newId(prefix: string): string {
  return `${prefix}seeded${made++}`;
}
