import { fileURLToPath } from 'node:url';
import { createBroadcaster, type Broadcaster, type ConnectionStore } from 'yc-broadcast';
import { CONNECTION_TTL_MS } from 'yc-broadcast/stores';
import { startEmulator, type Emulator, type Fault } from 'yc-broadcast/emulator';
import { queueFanout, type QueueFanoutOptions } from 'yc-broadcast/queue';
import { messageQueue } from 'yc-broadcast/queue/client';
import { redisStore } from 'yc-broadcast/stores/redis';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { grpcTransport } from 'yc-broadcast/transports/grpc';
import { forEach } from '../stores/in-flight.js';
import type { InstanceBudget } from './budget.js';
import { startCountingGateway, type CountingGateway } from './counting-gateway.js';
import type { WorkerJob } from './worker.js';

const PUTS_UNDER_WAY = 64;

export interface FanoutWorldOptions {
  readonly recipients: number;
  /** Every so-manieth is gone from the gateway. @default Infinity, nobody */
  readonly goneEvery?: number | undefined;
  readonly instances: number;
  readonly budget?: InstanceBudget | undefined;
  /** Sends under way in an instance. */
  readonly concurrency: number;
  readonly fanout: Omit<QueueFanoutOptions, 'queue'>;
  /** Default: the store inside the local gateway. */
  readonly redisUrl?: string | undefined;
  /** How long a message of a lost worker is hidden. */
  readonly visibilityMs: number;
  readonly faults?: readonly Fault[] | undefined;
  readonly seed?: number | undefined;
}

/**
 * Workers in instances behind a queue of the local gateway, stored connections, and a gateway that counts.
 */
export interface FanoutWorld {
  readonly emulator: Emulator;
  readonly gateway: CountingGateway;
  readonly store: ConnectionStore;
  readonly broadcaster: Broadcaster;
  readonly ids: readonly string[];
  isGone(id: string): boolean;
  close(): Promise<void>;
}

/** As many bytes as the gateway's own. */
export function connectionIdAt(index: number): string {
  return `connection-${String(index).padStart(9, '0')}`;
}

export async function openFanoutWorld(options: FanoutWorldOptions): Promise<FanoutWorld> {
  const { recipients, goneEvery = Infinity, redisUrl, concurrency, budget, fanout } = options;
  const isGone = (id: string): boolean => (Number(id.slice(-9)) + 1) % goneEvery === 0;
  const gateway = await startCountingGateway(isGone);
  const keyPrefix = `fanout-${process.pid}-${Math.round(performance.now())}`;
  const job: WorkerJob = { endpoint: gateway.endpoint, redisUrl, keyPrefix, concurrency, budget, fanout };
  const emulator = await startEmulator({
    routes: { '/ws': () => ({ statusCode: 200 }) },
    store: redisUrl === undefined,
    seed: options.seed ?? 1,
    queues: {
      jobs: { visibilityMs: options.visibilityMs, redrive: { to: 'dead', maxReceives: 20 } },
      dead: {},
    },
    triggers: [
      { queue: 'jobs', batchSize: 1, cutoffMs: 0, function: workerFunction(options.instances, job) },
    ],
    faults: options.faults ?? [],
  });
  const store =
    redisUrl === undefined
      ? ydbStore(emulator.store)
      : redisStore({ url: redisUrl, keyPrefix, timeoutMs: 20_000 });
  const ids = Array.from({ length: recipients }, (_, index) => connectionIdAt(index));
  const queue = messageQueue(emulator.queue('jobs').access);
  const transport = grpcTransport({ endpoint: gateway.endpoint, token: 'local' });
  try {
    await fill(store, ids);
  } catch (reason) {
    await emulator.stop();
    throw reason;
  }
  return {
    emulator,
    gateway,
    store,
    ids,
    isGone,
    broadcaster: createBroadcaster({
      store,
      transport,
      broadcast: { fanout: queueFanout({ queue, ...fanout }) },
    }),
    async close() {
      queue.close();
      await store.close?.();
      await emulator.stop();
      await gateway.close();
    },
  };
}

function workerFunction(instances: number, job: WorkerJob) {
  const entry = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? 'worker.ts' : 'worker.js', import.meta.url),
  );
  return {
    entry,
    instances,
    requestsLimit: 100,
    timeoutMs: 600_000,
    memoryMb: 512,
    env: { FANOUT: JSON.stringify(job) },
  };
}

async function fill(store: ConnectionStore, ids: readonly string[]): Promise<void> {
  const connectedAt = Date.now();
  const times = { connectedAt, expiresAt: connectedAt + CONNECTION_TTL_MS };
  await forEach(ids.length, PUTS_UNDER_WAY, async (index) => {
    const id = ids[index] ?? '';
    await store.put({ id, attributes: {}, ...times });
  });
}
