/** A client that is not let in leaves nothing behind: no row, no room, nobody who is told that it came. */
import { describe, expect, it } from '@jest/globals';
import {
  BroadcastError,
  createApp,
  defineContract,
  presence,
  type AppOptions,
  type ConnectionStore,
  type ErrorReport,
} from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { connectEvent, functionContext } from '../support/events.js';
import { storedConnection } from '../support/people.js';
import { scriptedTransport } from '../support/scripted-transport.js';

const contract = defineContract({ client: {}, server: { welcome: z.object({ you: z.string() }) } });
type Contract = typeof contract;

function setUp(overrides: Partial<ConnectionStore> = {}, options: Partial<AppOptions<Contract>> = {}) {
  const inner = memoryStore();
  const store: ConnectionStore = { ...inner, ...overrides };
  const errors: ErrorReport[] = [];
  const transport = scriptedTransport();
  const app = createApp<Contract>({
    contract,
    store,
    transport,
    origins: 'any',
    authenticate: () => ({ user: 'ann' }),
    onError: (report) => errors.push(report),
    ...options,
  });
  const connect = () => app.handler(connectEvent({ connectedAt: Date.now() }), functionContext());
  return { app, inner, transport, errors, connect };
}

const unavailable = () => Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'scripted'));

async function expectNothingOf(store: ConnectionStore): Promise<void> {
  expect(await store.get('c1')).toBeUndefined();
  expect(await store.count({ all: true })).toBe(0);
  expect(await store.count({ room: 'a' })).toBe(0);
}

describe('a handshake that fails', () => {
  it('at its second room is taken back', async () => {
    const inner = memoryStore();
    const join: ConnectionStore['join'] = (id, room) => (room === 'b' ? unavailable() : inner.join(id, room));
    const { app, connect } = setUp({ ...inner, join });
    app.onConnect(async (tools) => {
      await tools.join('a');
      await tools.join('b');
    });
    expect(await connect()).toMatchObject({ statusCode: 503 });
    await expectNothingOf(inner);
  });

  it('because the answer of the store is lost is taken back', async () => {
    const inner = memoryStore();
    const put: ConnectionStore['put'] = async (row) => {
      await inner.put(row);
      return unavailable();
    };
    const { connect } = setUp({ ...inner, put });
    expect(await connect()).toMatchObject({ statusCode: 503 });
    await expectNothingOf(inner);
  });

  it('because its first message breaks the contract is never stored', async () => {
    let puts = 0;
    const inner = memoryStore();
    const put: ConnectionStore['put'] = (row) => (puts++, inner.put(row));
    const { app, connect } = setUp({ ...inner, put });
    // @ts-expect-error: the contract says that `you` is a string
    app.onConnect(() => ({ message: { type: 'welcome', data: { you: 7 } } }));
    expect((await connect()).statusCode).toBeGreaterThanOrEqual(400);
    expect(puts).toBe(0);
  });

  it.each([
    ['refuses', () => ({ statusCode: 403 })],
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
  ])('because a middleware %s behind it is taken back, and the room told so', async (_what, end) => {
    const { app, inner, transport, connect } = setUp({}, { rooms: { join: true, presence: presence() } });
    await inner.put(storedConnection('bob', { user: 'bob' }));
    await inner.join('bob', 'a');
    app.onConnect(({ join }) => join('a').then(() => undefined));
    app.use(async (_call, next) => {
      await next();
      return end();
    });
    expect((await connect()).statusCode).toBeGreaterThanOrEqual(400);
    expect(await inner.get('c1')).toBeUndefined();
    expect(await inner.count({ room: 'a' })).toBe(1);
    const told = (transport.received.get('bob') ?? []).join();
    expect(told.indexOf('"left":["ann"]')).toBeGreaterThan(told.indexOf('"joined"'));
  });

  it('keeps its own error when it cannot be taken back, and the app is told of both', async () => {
    const { app, errors, connect } = setUp({ join: unavailable, remove: unavailable });
    app.onConnect(({ join }) => join('a').then(() => undefined));
    expect(await connect()).toMatchObject({ statusCode: 503 });
    expect(errors.map(({ during }) => during).sort()).toEqual(['connect', 'connect, taking it back']);
  });

  it('before anything is stored costs no removal', async () => {
    let removals = 0;
    const remove: ConnectionStore['remove'] = () => {
      removals++;
      return Promise.resolve();
    };
    const { connect } = setUp({ remove }, { authenticate: () => undefined });
    expect(await connect()).toMatchObject({ statusCode: 401 });
    expect(removals).toBe(0);
  });
});
