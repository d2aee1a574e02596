/**
 * The function of the bench: a worker in an instance of the local gateway, told by its environment what it
 * works on.
 */
import { createApp, type ConnectionStore } from 'yc-broadcast';
import { queueFanout, type QueueFanoutOptions } from 'yc-broadcast/queue';
import { messageQueue } from 'yc-broadcast/queue/client';
import { redisStore } from 'yc-broadcast/stores/redis';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { grpcTransport } from 'yc-broadcast/transports/grpc';
import { withinBudget, type InstanceBudget } from './budget.js';

/** In the variable `FANOUT`, as JSON. */
export interface WorkerJob {
  readonly endpoint: string;
  /** Without it the store of the local gateway. */
  readonly redisUrl?: string | undefined;
  readonly keyPrefix?: string | undefined;
  readonly budget?: InstanceBudget | undefined;
  readonly concurrency: number;
  readonly fanout: Omit<QueueFanoutOptions, 'queue'>;
}

const { endpoint, redisUrl, keyPrefix, budget, concurrency, fanout } = JSON.parse(
  process.env['FANOUT'] ?? '{}',
) as WorkerJob;

const store: ConnectionStore = redisUrl === undefined ? ydbStore() : redisStore({ url: redisUrl, keyPrefix });
const transport = grpcTransport({ endpoint, token: 'local' });
const app = createApp({
  store,
  origins: 'any',
  transport: budget === undefined ? transport : withinBudget(transport, budget),
  broadcast: {
    concurrency,
    fanout: queueFanout({
      queue: messageQueue(),
      deadLetters: messageQueue({ name: 'dead' }),
      // What nobody can do is among the dead letters, and counted there.
      onError: () => undefined,
      ...fanout,
    }),
  },
});

export const handler = app.worker;
