/**
 * What overlaps, step by step: one call is held before each of its requests in turn, while another runs to
 * its end.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionStore } from 'yc-broadcast';
import type { Audience } from 'yc-broadcast/stores';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { startDocumentProxy, type DocumentProxy } from '../support/document-proxy.js';
import { freshTable, startDynalite, type Dynalite } from '../support/dynalite.js';
import { storedConnection } from '../support/people.js';

const [QUICK, SLOW] = ['t1.quick', 't1.slow'];
const MOST_STEPS = 4;

let dynalite: Dynalite;
let proxy: DocumentProxy;
let tablePrefix: string | undefined;
let quick: ConnectionStore;
let slow: ConnectionStore;

beforeAll(async () => {
  dynalite = await startDynalite();
  proxy = await startDocumentProxy(dynalite.endpoint);
  proxy.acceptTokens(QUICK, SLOW);
  ({ tablePrefix } = await freshTable(dynalite.endpoint));
  // A request that is held for long is repeated, which would be another story.
  const options = { endpoint: proxy.endpoint, tablePrefix };
  quick = ydbStore({ ...options, token: QUICK });
  slow = ydbStore({ ...options, token: SLOW });
});
afterAll(async () => {
  await Promise.all([quick.close?.(), slow.close?.()]);
  await proxy.close();
  await dynalite.close();
});

interface Gate {
  /** Resolves when the request is waiting, or when `call` has ended without coming so far. */
  reached(call: Promise<unknown>): Promise<unknown>;
  open(): void;
}

/** Holds the nth request of the slow instance. */
function holdRequest(nth: number): Gate {
  const [arrived, opened] = [createSignal(), createSignal()];
  let seen = 0;
  proxy.script(async ({ authorization }) => {
    if (authorization !== `Bearer ${SLOW}` || ++seen !== nth) return undefined;
    arrived.give();
    await opened.given;
    return undefined;
  });
  return { reached: (call) => Promise.race([arrived.given, call]), open: opened.give };
}

function createSignal(): { readonly given: Promise<void>; give(): void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return {
    given,
    give: () => {
      give();
    },
  };
}

type Call = (store: ConnectionStore, id: string) => Promise<unknown>;

const calls: Readonly<Record<string, Call>> = {
  join: (store, id) => store.join(id, 'lobby'),
  leave: (store, id) => store.leave(id, 'lobby'),
  'connect as ann': (store, id) => store.put(storedConnection(id, { user: 'ann' })),
  'connect as bob': (store, id) => store.put(storedConnection(id, { user: 'bob' })),
  'set attributes': (store, id) => store.setAttributes(id, { at: id }),
  remove: (store, id) => store.remove([id]),
};

/** What has to be true as soon as a call has ended, whatever else is under way. */
const effects: Readonly<Record<string, (id: string) => Promise<void>>> = {
  join: async (id) => {
    expect(await listed({ room: 'lobby' }, id)).toHaveLength(1);
  },
  leave: async (id) => {
    expect(await listed({ room: 'lobby' }, id)).toEqual([]);
  },
  'connect as bob': async (id) => {
    expect(await listed({ user: 'bob' }, id)).toHaveLength(1);
    expect(await listed({ user: 'ann' }, id)).toEqual([]);
  },
  'set attributes': async (id) => {
    const user = (await quick.get(id))?.user ?? 'nobody';
    expect(await listed({ user }, id)).toMatchObject([{ attributes: { at: id } }]);
  },
  remove: async (id) => {
    expect(await copiesOf(id)).toEqual([]);
  },
};

async function listed(audience: Audience, id: string) {
  const { connections } = await quick.list(audience, { limit: 1000 });
  return connections.filter((connection) => connection.id === id);
}

async function copiesOf(id: string) {
  const audiences = [{ room: 'lobby' }, { user: 'ann' }, { user: 'bob' }, { all: true }] as const;
  return (await Promise.all(audiences.map((audience) => listed(audience, id)))).flat();
}

/** Listings and the connection itself tell the same. */
async function expectAgreement(id: string): Promise<void> {
  const connection = await quick.get(id);
  const rooms = await quick.rooms(id);
  const shown = connection === undefined ? [] : [connection];
  expect(await listed({ all: true }, id)).toEqual(shown);
  expect(await listed({ room: 'lobby' }, id)).toEqual(rooms.includes('lobby') ? shown : []);
  for (const user of ['ann', 'bob']) {
    expect(await listed({ user }, id)).toEqual(connection?.user === user ? shown : []);
  }
}

/** Rows of an id in the table, the connection's own one included. */
async function rowsOf(id: string): Promise<number> {
  const { Items } = (await dynalite.send('Scan', { TableName: `${String(tablePrefix)}store` })) as {
    Items: { s: { S: string } }[];
  };
  return Items.filter(({ s }) => s.S.endsWith(`.${id}`)).length;
}

let races = 0;

interface Race {
  readonly slowName: string;
  readonly quickName: string;
  readonly isInRoom: boolean;
  readonly step: number;
}

async function race({ slowName, quickName, isInRoom, step }: Race): Promise<void> {
  const id = `phone-${++races}`;
  proxy.script(() => undefined);
  await quick.put(storedConnection(id, { user: 'ann' }));
  if (isInRoom) await quick.join(id, 'lobby');
  const gate = holdRequest(step);
  const held = calls[slowName]?.(slow, id) ?? Promise.reject(new Error(slowName));
  await gate.reached(held);
  await calls[quickName]?.(quick, id);
  // While a removal is under way, either may come first.
  if (slowName !== 'remove') await effects[quickName]?.(id);
  gate.open();
  await held;
  await expectAgreement(id);
  if (slowName === 'remove' || quickName === 'remove') expect(await rowsOf(id)).toBe(1);
}

describe.each(Object.keys(calls))('%s, held before each of its requests', (slowName) => {
  it.each(Object.keys(effects))('while another instance does: %s', async (quickName) => {
    for (const isInRoom of [true, false]) {
      for (let step = 1; step <= MOST_STEPS; step++) await race({ slowName, quickName, isInRoom, step });
    }
  });
});

describe('connect, held before each of its requests', () => {
  it('stores nothing of a connection that was removed before it was known', async () => {
    for (let step = 1; step <= MOST_STEPS; step++) {
      const id = `early-${step}`;
      const gate = holdRequest(step);
      const held = slow.put(storedConnection(id, { user: 'ann' }));
      await gate.reached(held);
      await quick.remove([id]);
      expect(await copiesOf(id)).toEqual([]);
      gate.open();
      await held;
      expect(await copiesOf(id)).toEqual([]);
      expect(await rowsOf(id)).toBe(1);
    }
  });
});
