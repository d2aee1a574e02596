/** Messages that are handled once, however often they are sent, wherever and on whichever connection. */
import { describe, expect, it } from '@jest/globals';
import { BroadcastError, createApp, type ConnectionStore } from 'yc-broadcast';
import type { HistoryStore } from 'yc-broadcast/stores';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { contract, handClock, protocolApp } from '../support/protocol.js';
import { scriptedTransport } from '../support/scripted-transport.js';

const ID = 'f3b1c29a77e04d11.1';

/** Two instances with one store, and a count of what was handled. */
function twoInstances(store?: ConnectionStore) {
  const clock = handClock();
  const shared = { store: store ?? memoryStore({ now: clock.now }), now: clock.now };
  const sums: number[] = [];
  const gates: (() => Promise<void>)[] = [];
  const worlds = [protocolApp(shared), protocolApp(shared)] as const;
  for (const { app } of worlds) {
    app.on('pay', async ({ data }) => {
      sums.push(data.sum);
      await gates.shift()?.();
      return { left: 100 - data.sum };
    });
  }
  return { worlds, sums, gates, clock };
}

const pay = (sum: number, id = ID): unknown => ({ type: 'pay', data: { sum }, id });
const paid = (left: number, replyTo = ID) => ({ type: 'reply', replyTo, data: { left } });

/** The next handler to begin stands still until `finish`. Who waits for `hasBegun` knows which it was. */
function hold(gates: (() => Promise<void>)[]): { readonly hasBegun: Promise<void>; finish(): void } {
  let finish = (): void => undefined;
  const hasBegun = new Promise<void>((begin) => {
    gates.push(() => {
      begin();
      return new Promise((resolve) => (finish = resolve));
    });
  });
  return {
    hasBegun,
    finish: () => {
      finish();
    },
  };
}

describe('a message that is handled once', () => {
  it('gets the first answer again when it is sent again, from another connection to another instance', async () => {
    const { worlds, sums } = twoInstances();
    const [first, second] = worlds;
    await first.connect('c1', { user: 'ann' });
    expect(await first.say(pay(30), 'c1')).toEqual(paid(70));
    await second.connect('c2', { user: 'ann' });
    expect(await second.say(pay(30), 'c2')).toEqual(paid(70));
    expect(await second.say(pay(30), 'c2')).toEqual(paid(70));
    expect(sums).toEqual([30]);
  });

  it('is another one with another id, and from another user', async () => {
    const { worlds, sums } = twoInstances();
    const [{ connect, say }] = worlds;
    await connect('c1', { user: 'ann' });
    await connect('c2', { user: 'bob' });
    await connect('c3');
    await say(pay(1), 'c1');
    await say(pay(2, `${ID}2`), 'c1');
    await say(pay(3), 'c2');
    await say(pay(4), 'c3');
    expect(sums).toEqual([1, 2, 3, 4]);
  });

  it('sent twice at once is handled by one, and both get its answer', async () => {
    const { worlds, sums, gates } = twoInstances();
    let finish = (): void => undefined;
    gates.push(() => new Promise((resolve) => (finish = resolve)));
    for (const [index, world] of worlds.entries()) await world.connect(`c${index}`, { user: 'ann' });
    const answers = worlds.map((world, index) => world.say(pay(5), `c${index}`));
    while (sums.length === 0) await new Promise((resolve) => setImmediate(resolve));
    setTimeout(finish, 150);
    expect(await Promise.all(answers)).toEqual([paid(95), paid(95)]);
    expect(sums).toEqual([5]);
  });

  it('is in progress for whoever waits in vain, and can be sent again later', async () => {
    const { worlds, sums, gates } = twoInstances();
    const [first, second] = worlds;
    const { hasBegun, finish } = hold(gates);
    await first.connect('c1', { user: 'ann' });
    await second.connect('c2', { user: 'ann' });
    const answer = first.say(pay(5), 'c1');
    await hasBegun;
    expect(await second.say(pay(5), 'c2')).toMatchObject({ type: 'error', error: { code: 'IN_PROGRESS' } });
    finish();
    expect(await answer).toEqual(paid(95));
    expect(await second.say(pay(5), 'c2')).toEqual(paid(95));
    expect(sums).toEqual([5]);
  });

  it('is handled again when its handler threw', async () => {
    const { worlds, sums, gates } = twoInstances();
    const [first, second] = worlds;
    gates.push(() => Promise.reject(new Error('boom')));
    await first.connect('c1', { user: 'ann' });
    await second.connect('c2', { user: 'ann' });
    expect(await first.say(pay(5), 'c1')).toMatchObject({ type: 'error', error: { code: 'INTERNAL' } });
    expect(first.errors).toMatchObject([{ during: "message 'pay'" }]);
    expect(await second.say(pay(5), 'c2')).toEqual(paid(95));
    expect(await first.say(pay(5), 'c1')).toEqual(paid(95));
    expect(sums).toEqual([5, 5]);
  });

  it('is handled again when the function died with it, but not before it must be dead', async () => {
    const { worlds, sums, gates, clock } = twoInstances();
    const [first, second] = worlds;
    const { hasBegun } = hold(gates);
    await first.connect('c1', { user: 'ann' });
    await second.connect('c2', { user: 'ann' });
    void first.say(pay(5), 'c1');
    await hasBegun;
    expect(await second.say(pay(5), 'c2')).toMatchObject({ error: { code: 'IN_PROGRESS' } });
    clock.advance(15_000);
    expect(await second.say(pay(5), 'c2')).toEqual(paid(95));
    expect(sums).toEqual([5, 5]);
  });

  it('whose reply breaks the contract is not handled again', async () => {
    const { connect, say, app, errors } = protocolApp();
    let handled = 0;
    // @ts-expect-error: the contract says that it replies
    app.on('pay', () => {
      handled++;
    });
    await connect();
    for (const _time of [1, 2])
      expect(await say(pay(5))).toMatchObject({ replyTo: ID, error: { code: 'INTERNAL' } });
    expect(handled).toBe(1);
    expect(errors).toHaveLength(1);
  });

  it('is answered although the store fails to remember it, and the app hears of that', async () => {
    const store = memoryStore();
    const history = store.history;
    let appends = 0;
    const append: HistoryStore['append'] = (...given) =>
      ++appends === 2
        ? Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down'))
        : history.append(...given);
    const { worlds } = twoInstances({ ...store, history: { ...history, append } });
    const [{ connect, say, errors }] = worlds;
    await connect();
    expect(await say(pay(5))).toEqual(paid(95));
    expect(errors).toMatchObject([{ during: 'once', error: { code: 'STORE_UNAVAILABLE' } }]);
  });

  it('is not handled when the store cannot tell whether it was before', async () => {
    const store = memoryStore();
    const append = (): Promise<never> => Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down'));
    const { worlds, sums } = twoInstances({
      ...store,
      history: { ...store.history, append },
    });
    await worlds[0].connect();
    expect(await worlds[0].say(pay(5))).toMatchObject({ error: { code: 'STORE_UNAVAILABLE' } });
    expect(sums).toEqual([]);
  });

  it('is not handled a second time when its answer is forgotten', async () => {
    const { worlds, sums, clock } = twoInstances();
    const [{ connect, say }] = worlds;
    await connect('c1', { user: 'ann' });
    await say(pay(5), 'c1');
    clock.advance(24 * 60 * 60_000);
    await connect('c2', { user: 'ann' });
    expect(await say(pay(5), 'c2')).toMatchObject({ error: { code: 'ALREADY_HANDLED' } });
    expect(sums).toEqual([5]);
  });

  it.each([undefined, '1', 'x'.repeat(15)])('needs an id that nobody else has, not %j', async (id) => {
    const { worlds, sums } = twoInstances();
    await worlds[0].connect();
    expect(await worlds[0].say({ type: 'pay', data: { sum: 1 }, id })).toMatchObject({
      error: { code: 'INVALID_MESSAGE', path: ['id'] },
    });
    expect(sums).toEqual([]);
  });

  it('shows its log to no client', async () => {
    const { worlds } = twoInstances();
    const [{ connect, say }] = worlds;
    await connect();
    await say(pay(5));
    expect(await say({ type: '$join', data: { room: '$once:x', since: null }, id: '1' })).toMatchObject({
      error: { code: 'FORBIDDEN' },
    });
  });

  it('needs a store with histories', () => {
    const { history: _none, ...store } = memoryStore();
    expect(() => createApp({ contract, store, transport: scriptedTransport(), origins: 'any' })).toThrow(
      /once in the contract: the store 'memory' has no histories/,
    );
  });
});
