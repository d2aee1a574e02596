import type { ConnectionStore } from 'yc-broadcast';
import { ydbStore } from 'yc-broadcast/stores/ydb';

/**
 * In the cloud connections are kept in YDB: its endpoint is in `YC_BROADCAST_YDB_ENDPOINT`, the token comes
 * with each call. `yc-broadcast bundle` sets `NODE_ENV`, and so leaves out what is for the laptop only.
 */
export async function openStore(): Promise<ConnectionStore> {
  if (process.env['NODE_ENV'] === 'production') {
    return ydbStore();
  } else {
    const { openLaptopStore } = await import('./laptop-store.js');
    return openLaptopStore(process.env['STORE_URL']);
  }
}
