import type { GrpcCall } from './grpc-call.js';
import { labelledIds, newResource, type Labels, type NewResource } from './labels.js';
import { idByName } from './listing.js';
import type { Operate } from './operations.js';
import type { StaticKey } from '../../../base/credentials/static-key.js';
import { message, messageOf, readMessage, textOf } from '../../../base/protobuf.js';

export const ACCOUNTS = 'yandex.cloud.iam.v1.ServiceAccountService';
export const ACCESS_KEYS = 'yandex.cloud.iam.v1.awscompatibility.AccessKeyService';
export const FOLDERS = 'yandex.cloud.resourcemanager.v1.FolderService';

/** The service accounts of a folder, their roles there and their static keys. */
export interface Accounts {
  idOf(name: string): Promise<string | undefined>;
  /** Ids of those with these labels. */
  list(labels: Labels): Promise<readonly string[]>;
  create(account: NewResource): Promise<void>;
  remove(id: string): Promise<void>;
  /** Gives roles on the folder; other bindings stay as they are. */
  grant(id: string, roles: readonly string[]): Promise<void>;
  /** Takes them back. */
  revoke(id: string, roles: readonly string[]): Promise<void>;
  /** Makes a static key. Its secret is shown this once. */
  createKey(id: string, description: string): Promise<StaticKey & { readonly id: string }>;
  removeKey(keyId: string): Promise<void>;
}

const ADD = 1;
const REMOVE = 2;

export function createAccounts(call: GrpcCall, operate: Operate, folderId: string): Accounts {
  async function bind(id: string, roles: readonly string[], action: number): Promise<void> {
    const subject = message([1, id], [2, 'serviceAccount']);
    const deltas = roles.map((role) => message([1, action], [2, message([1, role], [2, subject])]));
    const request = message([1, folderId], ...deltas.map((delta) => [2, delta] as const));
    await operate(`${FOLDERS}/UpdateAccessBindings`, request);
  }

  return {
    idOf: (name) => idByName(call, ACCOUNTS, folderId, name),
    list: async (labels) => (await labelledIds(call, ACCOUNTS, folderId, labels)).map(({ id }) => id),
    create: (account) => operate(`${ACCOUNTS}/Create`, newResource(folderId, account)),
    remove: (id) => operate(`${ACCOUNTS}/Delete`, message([1, id])),
    grant: (id, roles) => bind(id, roles, ADD),
    revoke: (id, roles) => bind(id, roles, REMOVE),
    async createKey(id, description) {
      const answer = await call(`${ACCESS_KEYS}/Create`, message([1, id], [2, description]));
      const fields = readMessage(answer);
      const key = messageOf(fields, 1);
      return { id: textOf(key, 1), accessKeyId: textOf(key, 5), secretAccessKey: textOf(fields, 2) };
    },
    removeKey: (keyId) => operate(`${ACCESS_KEYS}/Delete`, message([1, keyId])),
  };
}
