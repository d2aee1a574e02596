import type { InstanceEnvironment } from '../instances/environment.js';
import { STORE_PATH } from './server.js';

/** How to reach the store of a gateway: options for `ydbStore`. */
export interface StoreAccess {
  readonly endpoint: string;
  /** Any will do: the store asks for some, as YDB does. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function storeAccess(port: number): StoreAccess {
  return {
    endpoint: `http://127.0.0.1:${port}${STORE_PATH}`,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
}

/** An environment in which `ydbStore()` finds the store without options. */
export function withStore(
  environment: InstanceEnvironment,
  store: StoreAccess | undefined,
): InstanceEnvironment {
  if (store === undefined) return environment;
  const env = {
    YC_BROADCAST_YDB_ENDPOINT: store.endpoint,
    YC_BROADCAST_YDB_ACCESS_KEY_ID: store.credentials.accessKeyId,
    YC_BROADCAST_YDB_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
  };
  return { ...environment, env: { ...environment.env, ...env } };
}
