import { ydbStore } from 'yc-broadcast/stores/ydb';
import { createGame } from './app.js';

const { ORIGINS, YC_BROADCAST_LOCAL_ORIGINS } = process.env;

export const { handler } = createGame({
  store: ydbStore(), // the environment says where: in the cloud, and under `yc-broadcast dev --store`
  origins: (ORIGINS ?? YC_BROADCAST_LOCAL_ORIGINS ?? 'http://localhost:4510').split(/[\s,]+/),
});
