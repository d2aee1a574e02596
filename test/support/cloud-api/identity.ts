import { status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { iamTokenService, serviceAccount, serviceAccountService as api } from 'yandex-cloud-sdk-3/iam-v1';
// The one that 3.x keeps to itself.
import * as access from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/access/access.js';
import { pageOf, refuseTaken, Refusal, found, type Desk } from './desk.js';

export interface StoredAccount {
  readonly account: serviceAccount.ServiceAccount;
  /** On the folder. */
  readonly roles: Set<string>;
}

const NAME = 'yandex.cloud.iam.v1.ServiceAccount';

/** `ServiceAccountService`: what it keeps is in `stored`. */
export function accountService(desk: Desk, stored: Map<string, StoredAccount>): UntypedServiceImplementation {
  const all = () => [...stored.values()].map(({ account }) => account);

  function create({ folderId, name }: api.CreateServiceAccountRequest, method: string) {
    refuseTaken(all(), name, 'ServiceAccount');
    return desk.operate(method, NAME, serviceAccount.ServiceAccount, () => {
      const account = serviceAccount.ServiceAccount.fromPartial({ id: desk.newId('aje'), folderId, name });
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
          for (const { accessBinding } of accessBindingDeltas) {
            const id = accessBinding?.subject?.id ?? '';
            found(stored, id, 'ServiceAccount').roles.add(accessBinding?.roleId ?? '');
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
