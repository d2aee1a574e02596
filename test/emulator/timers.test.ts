/** Timers of the local gateway, on a clock that stands still. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type Emulator, type TimerOptions } from 'yc-broadcast/emulator';
import { parseEvent } from '../../src/model/events.js';

let gateway: Emulator | undefined;
afterEach(() => gateway?.stop());

async function start(...timers: TimerOptions[]): Promise<Emulator> {
  gateway = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) }, clock: 'manual', timers });
  return gateway;
}

describe('a timer', () => {
  it('calls a function with the documented event, as often as it should', async () => {
    const events: unknown[] = [];
    const note = (event: unknown): void => void events.push(event);
    const emulator = await start({ every: '1m', function: note, payload: 'digest' });
    await emulator.clock.advance('59999ms');
    expect(events).toEqual([]);
    await emulator.clock.advance('1ms');
    expect(events).toEqual([
      {
        messages: [
          {
            event_metadata: {
              event_id: expect.stringMatching(/^a1s/),
              event_type: 'yandex.cloud.events.serverless.triggers.TimerMessage',
              created_at: new Date(emulator.clock.now()).toISOString(),
              cloud_id: expect.stringMatching(/^b1g/),
              folder_id: expect.stringMatching(/^b1g/),
            },
            details: { trigger_id: expect.stringMatching(/^a1s/), payload: 'digest' },
          },
        ],
      },
    ]);
    expect(parseEvent(events[0])).toMatchObject({ kind: 'other', type: 'timer' });
    for (let minutes = 0; minutes < 10; minutes++) await emulator.clock.advance('1m');
    expect(events).toHaveLength(11);
    expect(emulator.timeline('type:trigger timer')).toHaveLength(11);
  });

  it('says when the function has failed, and goes on', async () => {
    let calls = 0;
    const fail = (): void => {
      if (++calls === 1) throw new Error('not today');
    };
    const emulator = await start({ every: 1000, function: fail });
    await emulator.clock.advance('2s');
    expect(emulator.timeline('type:trigger').map(({ status, level }) => [status, level])).toEqual([
      [502, 'error'],
      [200, 'info'],
    ]);
    expect(emulator.timeline('type:trigger')[0]?.reason).toContain('not today');
  });

  it.each<[TimerOptions, string]>([
    [
      { every: '1 minute', function: () => 1 },
      "timers.0.every: expected milliseconds or a text such as '1m'",
    ],
    [{ every: 0, function: () => 1 }, 'timers.0.every'],
    [{ every: 1, function: 'd4e0' }, "timers.0.function: no function 'd4e0'"],
  ])('refuses %j', async (timer, problem) => {
    await expect(start(timer)).rejects.toThrow(problem);
  });
});
