import { ydbStore } from 'yc-broadcast/stores/ydb';
import { createNotifications } from './app.js';

const { ORIGINS, YC_BROADCAST_LOCAL_ORIGINS, NOTIFY_SECRET } = process.env;

export const { handler } = createNotifications({
  store: ydbStore(),
  secret: NOTIFY_SECRET ?? secretOfTheLaptop(),
  origins: (ORIGINS ?? YC_BROADCAST_LOCAL_ORIGINS ?? 'http://localhost:4510').split(/[\s,]+/),
});

/** `yc-broadcast bundle` sets `NODE_ENV`: what is deployed has no secret that stands in the source. */
function secretOfTheLaptop(): string {
  if (process.env['NODE_ENV'] === 'production') throw new Error('NOTIFY_SECRET: set it for the function');
  return 'only-for-the-laptop';
}
