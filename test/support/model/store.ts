/** The memory store in a world where nothing happens at once, and where its history can be lost. */
import type { ConnectionStore } from 'yc-broadcast';
import type { HistoryPosition, HistoryRead, HistoryStore } from 'yc-broadcast/stores';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { ROOM } from './client.js';
import type { Schedule } from './schedule.js';

/** Safeguards of the server and its store that a mutant lacks. */
export type StoreMutant = 'join before read' | 'append before send' | 'epoch in the store' | 'never a part';

export function modelStore(schedule: Schedule, now: () => number, mutant: string | undefined) {
  const store = memoryStore({ now });
  const kept = store.history;
  let generation = 0;
  const nameOf = (room: string): string => `${room}#${generation}`;

  async function slowly<T>(work: () => Promise<T>): Promise<T> {
    await schedule.pause();
    const result = await work();
    await schedule.pause();
    return result;
  }

  const history: HistoryStore = {
    append: (room, data, limits) => slowly(() => kept.append(nameOf(room), data, limits)),
    read: (room, options) => slowly(() => kept.read(nameOf(room), options)),
  };
  const slow: ConnectionStore = {
    ...store,
    join: (id, room) => slowly(() => store.join(id, room)),
    list: (audience, options) => slowly(() => store.list(audience, options)),
    history: mutate(history, mutant),
  };
  return {
    store: mutant === 'join before read' ? joiningAfterReading(slow) : slow,
    /** Where the room really stands. */
    newest: async (): Promise<HistoryPosition> => (await kept.read(nameOf(ROOM), { limit: 0 })).position,
    /** What was kept is gone, as when a server without a disk starts again. */
    loseHistory: (): void => {
      generation++;
    },
  };
}

function mutate(history: HistoryStore, mutant: string | undefined): HistoryStore {
  const { append, read } = history;
  switch (mutant) {
    case 'append before send':
      return { ...history, append: appendingLater(history) };
    case 'epoch in the store':
      return {
        append,
        async read(room, { since, limit }) {
          const { position } = await read(room, { limit: 0 });
          return read(room, { since: since && { ...since, epoch: position.epoch }, limit });
        },
      };
    case 'never a part':
      return { append, read: (room, options) => partly(read, room, options) };
    default:
      return history;
  }
}

/** Says where a message will stand before it is kept. */
function appendingLater({ append, read }: HistoryStore): HistoryStore['append'] {
  return async (room, data, limits) => {
    const { position } = await read(room, { limit: 0 });
    void append(room, data, limits);
    return { ...position, offset: position.offset + 1 };
  };
}

/** Gives what is left when a part of what was asked for is gone, as if it were all. */
async function partly(
  read: HistoryStore['read'],
  room: string,
  options: Parameters<HistoryStore['read']>[1],
): Promise<HistoryRead> {
  const found = await read(room, options);
  return found.recovered ? found : { ...found, ...(await read(room, { limit: options.limit })) };
}

function joiningAfterReading(store: ConnectionStore): ConnectionStore {
  const waiting: (() => Promise<unknown>)[] = [];
  const history = store.history as HistoryStore;
  return {
    ...store,
    async join(id, room) {
      waiting.push(() => store.join(id, room));
      return 'joined';
    },
    history: {
      ...history,
      async read(...given) {
        const found = await history.read(...given);
        await Promise.all(waiting.splice(0).map((join) => join()));
        return found;
      },
    },
  };
}
