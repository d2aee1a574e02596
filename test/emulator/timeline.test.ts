import { afterEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type Emulator, type TimelineQuery } from 'yc-broadcast/emulator';

let emulator: Emulator;

afterEach(() => emulator.stop());

async function start(faults = ''): Promise<void> {
  emulator = await startEmulator({
    routes: { '/ws': () => ({ statusCode: 200 }), '/no': () => ({ statusCode: 403 }) },
    faults,
  });
}

describe('the timeline', () => {
  it('gives the entries that are asked for', async () => {
    await start('message=drop message.times=1');
    const [anna, boris] = [await emulator.connect('/ws'), await emulator.connect('/ws')];
    await emulator.connect('/no');
    for (const client of [anna, boris, boris]) client.send('x');
    await emulator.idle();
    const count = (query: TimelineQuery | string): number => emulator.timeline(query).length;
    expect(emulator.timeline()).toHaveLength(6);
    expect(count({})).toBe(6);
    expect(count({ type: 'message' })).toBe(3);
    expect(count({ type: ['connect', 'message'], connection: boris.id })).toBe(3);
    expect(count({ path: '/no' })).toBe(1);
    expect(count({ status: 403 })).toBe(1);
    expect(count({ level: 'warning' })).toBe(2);
    expect(emulator.timeline({ fault: true })).toMatchObject([
      { type: 'message', reason: 'dropped by an injected fault' },
    ]);
    expect(count({ fault: 'message.effect=drop' })).toBe(1);
    expect(count({ fault: false })).toBe(5);
    expect(count('type:message -fault:drop')).toBe(2);
  });

  it.each<[unknown, string]>([
    [{ conn: 'x' }, 'timeline: Unrecognized key: "conn"'],
    [{ level: 'fatal' }, 'timeline.level'],
    ['kind:send', "filter: there is no key 'kind'"],
  ])('refuses %j', async (query, problem) => {
    await start();
    expect(() => emulator.timeline(query as TimelineQuery)).toThrow(problem);
  });

  it('keeps the latest 10,000 entries', async () => {
    await start('message=drop');
    const client = await emulator.connect('/ws');
    for (let i = 0; i < 10_000; i++) client.send('x');
    await emulator.idle();
    expect(emulator.timeline()).toHaveLength(10_000);
    expect(emulator.timeline({ type: 'connect' })).toEqual([]);
  });
});
