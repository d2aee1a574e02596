/** A room, a queue and workers, for tests of the fan-out: the test decides who works when. */
import {
  createBroadcaster,
  type Broadcaster,
  type BroadcasterOptions,
  type ConnectionStore,
} from 'yc-broadcast';
import { queueFanout, type QueueFanoutOptions } from 'yc-broadcast/queue';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { memoryQueue, type MemoryQueue } from './memory-queue.js';
import { fillRoom } from './people.js';
import { scriptedTransport, type Script, type ScriptedTransport } from './scripted-transport.js';

export interface FanoutWorld {
  readonly store: ConnectionStore;
  readonly transport: ScriptedTransport;
  readonly queue: MemoryQueue;
  readonly deadLetters: MemoryQueue;
  readonly ids: readonly string[];
  readonly broadcaster: Broadcaster;
  /** Errors that workers were told of by `onError`. */
  readonly errors: unknown[];
  /** Another instance: its own pace, the same store and queue. */
  instance(transport?: ScriptedTransport): Broadcaster;
  /** Lets one instance work until the queue is empty; delays are not waited for. */
  drain(worker?: Broadcaster, batch?: number): Promise<void>;
}

export interface WorldOptions {
  readonly people?: number;
  readonly script?: Script;
  readonly fanout?: Partial<QueueFanoutOptions>;
  readonly broadcaster?: Partial<BroadcasterOptions>;
}

const QUICK = { minDelayMs: 0, maxDelayMs: 0 };

export async function fanoutWorld(options: WorldOptions = {}): Promise<FanoutWorld> {
  const { people = 100, script, fanout = {} } = options;
  const store = memoryStore();
  const transport = scriptedTransport(script);
  const queue = memoryQueue();
  const deadLetters = memoryQueue('dead-letters');
  const errors: unknown[] = [];
  const ids = await fillRoom(store, 'room', people);

  function instance(own: ScriptedTransport = transport): Broadcaster {
    return createBroadcaster({
      store,
      transport: own,
      ...options.broadcaster,
      broadcast: {
        ...QUICK,
        ...options.broadcaster?.broadcast,
        fanout: queueFanout({
          queue,
          recipientsPerShard: 25,
          pageSize: 10,
          onError: ({ error }) => errors.push(error),
          ...fanout,
        }),
      },
    });
  }

  const broadcaster = instance();
  return {
    store,
    transport,
    queue,
    deadLetters,
    ids,
    broadcaster,
    errors,
    instance,
    async drain(worker = broadcaster, batch = 1) {
      for (let event = queue.take(batch); event !== undefined; event = queue.take(batch))
        await worker.work(event);
    },
  };
}

/** How often each connection was sent something that the gateway accepted. */
export function timesReached({ received }: Pick<ScriptedTransport, 'received'>): Map<string, number> {
  return new Map([...received].map(([id, texts]) => [id, texts.length]));
}
