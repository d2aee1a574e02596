import { pathBroadcaster } from 'yc-broadcast/native';
import { messageQueue } from 'yc-broadcast/queue/client';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { createLiveBoard } from './app.js';
import { board } from './contract.js';

const { ORIGINS, YC_BROADCAST_LOCAL_ORIGINS, OPERATOR_KEY, TRIGGER_SECONDS = '1' } = process.env;

export const { handler } = createLiveBoard({
  store: ydbStore(),
  // Its address is in YC_BROADCAST_QUEUE_URL_LIVE; `dev --queue live=/ws` sets it, and is the trigger, too.
  live: pathBroadcaster({ queue: messageQueue({ name: 'live' }), contract: board }),
  operatorKey: OPERATOR_KEY ?? keyOfTheLaptop(),
  origins: (ORIGINS ?? YC_BROADCAST_LOCAL_ORIGINS ?? 'http://localhost:4510').split(/[\s,]+/),
  triggerSeconds: Number(TRIGGER_SECONDS),
});

/** `yc-broadcast bundle` sets `NODE_ENV`: what is deployed has no key that stands in the source. */
function keyOfTheLaptop(): string {
  if (process.env['NODE_ENV'] === 'production') throw new Error('OPERATOR_KEY: set it for the function');
  return 'only-for-the-laptop';
}
