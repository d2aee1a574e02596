import pLimit from 'p-limit';
import pRetry from 'p-retry';
import {
  BroadcastError,
  createBroadcaster,
  type ConnectionStore,
  type StoredConnection,
  type Transport,
} from 'yc-broadcast';
import type { EncodedPayload } from 'yc-broadcast/transports';
import { PAYLOAD } from '../target.js';

/** Reaches everybody in the store by the transport and returns how many that were. */
export type Engine = (store: ConnectionStore, transport: Transport) => Promise<number>;

const WINDOW = 100;
const PAGE_SIZE = 500;
const OPTIONS = { timeoutMs: 3000 };

/** The same work by other means, each at its best. All read the same pages of the same store. */
export const ENGINES: Readonly<Record<string, Engine>> = {
  broadcaster: async (store, transport) => {
    const report = await createBroadcaster({ store, transport }).to('bench').sendRaw(PAYLOAD);
    return report.delivered;
  },

  loop: async (store, transport) => {
    const payload = transport.encode(PAYLOAD);
    let count = 0;
    for await (const page of pagesOf(store)) {
      const ids = page.values();
      const worker = async (): Promise<void> => {
        for (const { id } of ids) {
          await transport.send(id, payload, OPTIONS);
          count++;
        }
      };
      await Promise.all(Array.from({ length: WINDOW }, worker));
    }
    return count;
  },

  'p-limit': (store, transport) =>
    withLimit(store, (id, payload) => transport.send(id, payload, OPTIONS), transport),

  'p-retry': (store, transport) =>
    withLimit(
      store,
      (id, payload) => pRetry(() => transport.send(id, payload, OPTIONS), { retries: 3 }),
      transport,
    ),

  'map-limit': async (store, transport) => {
    const payload = transport.encode(PAYLOAD);
    const limit = pLimit(WINDOW);
    const recipients: string[] = [];
    for await (const page of pagesOf(store)) recipients.push(...page.map(({ id }) => id));
    const sent = await Promise.all(recipients.map((id) => limit(() => transport.send(id, payload, OPTIONS))));
    return sent.length;
  },
};

/** p-limit without a queue: the next one is only started when there is room for it. */
async function withLimit(
  store: ConnectionStore,
  send: (id: string, payload: EncodedPayload) => Promise<void>,
  transport: Transport,
): Promise<number> {
  const payload = transport.encode(PAYLOAD);
  const limit = pLimit(WINDOW);
  let count = 0;
  let underWay = 0;
  let ended = (): void => undefined;
  const untilOneEnds = (): Promise<void> =>
    new Promise((resolve) => {
      ended = resolve;
    });
  const startOne = (id: string): void => {
    underWay++;
    void limit(() => send(id, payload)).then(() => {
      underWay--;
      count++;
      ended();
    });
  };

  for await (const page of pagesOf(store)) {
    for (const { id } of page) {
      while (underWay >= WINDOW) await untilOneEnds();
      startOne(id);
    }
  }
  while (underWay > 0) await untilOneEnds();
  return count;
}

async function* pagesOf(
  store: ConnectionStore,
): AsyncGenerator<readonly StoredConnection[], void, undefined> {
  let after: string | undefined;
  for (;;) {
    const page = await store.list({ room: 'bench' }, { after, limit: PAGE_SIZE });
    yield page.connections;
    if (page.done) return;
    after = page.next;
  }
}

const ANSWER = Promise.resolve();

/** Answers at once, so that all that is left is the engine. */
export function instantTransport(): Transport {
  const refuse = (): Promise<never> =>
    Promise.reject(new BroadcastError('UNKNOWN', 'only sends are answered'));
  return {
    name: 'instant',
    maxPayloadBytes: 131_072,
    encode: (payload) => ({ bytes: payload.length, wire: payload }),
    send: () => ANSWER,
    get: refuse,
    disconnect: refuse,
    close: () => ANSWER,
  };
}
