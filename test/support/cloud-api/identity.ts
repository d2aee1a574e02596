import { status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  accessKey,
  accessKeyService as keyApi,
  iamTokenService,
  serviceAccount,
  serviceAccountService as api,
} from 'yandex-cloud-sdk-3/iam-v1';
// The one that 3.x keeps to itself.
import * as access from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/access/access.js';
import { pageOf, refuseTaken, Refusal, found, type Desk } from './desk.js';

/** A static key. */
export interface StoredKey {
  readonly keyId: string;
  readonly serviceAccountId: string;
}

export interface StoredAccount {
  readonly account: serviceAccount.ServiceAccount;
  /** On the folder. */
  readonly roles: Set<string>;
}

const NAME = 'yandex.cloud.iam.v1.ServiceAccount';

/** `ServiceAccountService`: what it keeps is in `stored`. */
export function accountService(desk: Desk, stored: Map<string, StoredAccount>): UntypedServiceImplementation {
  const all = () => [...stored.values()].map(({ account }) => account);

  function create({ folderId, name, labels }: api.CreateServiceAccountRequest, method: string) {
    refuseTaken(all(), name, 'ServiceAccount');
    return desk.operate(method, NAME, serviceAccount.ServiceAccount, () => {
      const account = serviceAccount.ServiceAccount.fromPartial({
        id: desk.newId('aje'),
        folderId,
        name,
        labels,
      });
      stored.set(account.id, { account, roles: new Set() });
      return account;
    });
  }

  function remove({ serviceAccountId }: api.DeleteServiceAccountRequest, method: string) {
    const { account } = found(stored, serviceAccountId, 'ServiceAccount');
    return desk.operate(method, NAME, serviceAccount.ServiceAccount, () => {
      stored.delete(serviceAccountId);
      return account;
    });
  }

  return {
    create: desk.handle('ServiceAccountService/Create', create),
    delete: desk.handle('ServiceAccountService/Delete', remove),
    list: desk.handle('ServiceAccountService/List', (request: api.ListServiceAccountsRequest) => {
      const { items, nextPageToken } = pageOf(all(), request);
      return api.ListServiceAccountsResponse.fromPartial({ serviceAccounts: items, nextPageToken });
    }),
  };
}

/** `FolderService`, as far as roles of service accounts on the folder go. */
export function folderService(
  desk: Desk,
  stored: ReadonlyMap<string, StoredAccount>,
): UntypedServiceImplementation {
  return {
    listAccessBindings: desk.handle('FolderService/ListAccessBindings', () =>
      access.ListAccessBindingsResponse.fromPartial({
        accessBindings: [...stored.values()].flatMap(({ account, roles }) =>
          [...roles].map((roleId) => ({ roleId, subject: { id: account.id, type: 'serviceAccount' } })),
        ),
      }),
    ),
    updateAccessBindings: desk.handle(
      'FolderService/UpdateAccessBindings',
      ({ accessBindingDeltas }: access.UpdateAccessBindingsRequest, method) =>
        desk.operate(method, 'yandex.cloud.access.AccessBinding', access.AccessBinding, () => {
          for (const { action, accessBinding } of accessBindingDeltas) {
            const { roles } = found(stored, accessBinding?.subject?.id ?? '', 'ServiceAccount');
            const roleId = accessBinding?.roleId ?? '';
            if (action === access.AccessBindingAction.REMOVE) roles.delete(roleId);
            else roles.add(roleId);
          }
          return access.AccessBinding.fromPartial({});
        }),
    ),
  };
}

/** `IamTokenService`: gives the token that the others accept, for one OAuth token. */
export function tokenService(token: string, oauthToken: string): UntypedServiceImplementation {
  const { CreateIamTokenResponse } = iamTokenService;
  const create: UntypedServiceImplementation[string] = (
    { request }: { request: iamTokenService.CreateIamTokenRequest },
    callback: (error: object | null, answer?: iamTokenService.CreateIamTokenResponse) => void,
  ) => {
    if (request.yandexPassportOauthToken === oauthToken)
      callback(null, CreateIamTokenResponse.fromPartial({ iamToken: token }));
    else callback(new Refusal(status.UNAUTHENTICATED, 'The OAuth token is invalid'));
  };
  return { create };
}

/** `AccessKeyService`: static keys, by their public halves. */
export function accessKeyService(
  desk: Desk,
  accounts: ReadonlyMap<string, StoredAccount>,
  stored: Map<string, StoredKey>,
): UntypedServiceImplementation {
  return {
    create: desk.handle('AccessKeyService/Create', ({ serviceAccountId }: keyApi.CreateAccessKeyRequest) => {
      found(accounts, serviceAccountId, 'ServiceAccount');
      const [id, keyId] = [desk.newId('aje'), desk.newId('YCAJ')];
      stored.set(id, { keyId, serviceAccountId });
      return keyApi.CreateAccessKeyResponse.fromPartial({
        accessKey: { id, keyId, serviceAccountId },
        secret: 'secret-static-key',
      });
    }),
    delete: desk.handle(
      'AccessKeyService/Delete',
      ({ accessKeyId }: keyApi.DeleteAccessKeyRequest, method) => {
        const { keyId } = found(stored, accessKeyId, 'AccessKey');
        return desk.operate(
          method,
          'yandex.cloud.iam.v1.awscompatibility.AccessKey',
          accessKey.AccessKey,
          () => {
            stored.delete(accessKeyId);
            return accessKey.AccessKey.fromPartial({ id: accessKeyId, keyId });
          },
        );
      },
    ),
  };
}
