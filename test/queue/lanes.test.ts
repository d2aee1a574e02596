/** Which lane a broadcast takes, and why. */
import { describe, expect, it } from '@jest/globals';
import type { Forecast } from 'yc-broadcast';
import { compareLanes, type LaneOptions } from 'yc-broadcast/lanes';
import { costOfMillion } from '../../bench/cost.js';
import { CPU_MICROS_PER_SEND } from '../../src/queue/lanes/measured-figures.js';

function forecast(recipients: number, more: Partial<Forecast> = {}): Forecast {
  const perSecond = 2000;
  return {
    recipients,
    calls: recipients,
    bytes: recipients * 100,
    seconds: recipients / perSecond,
    pace: { perSecond, measured: false },
    fitsDeadline: true,
    ...more,
  };
}

describe('compareLanes', () => {
  it.each<[string, Forecast, LaneOptions, string]>([
    ['sends to few, which is quicker than a trigger', forecast(300), {}, 'direct'],
    ['one message to many', forecast(20_000), {}, 'native'],
    ['sends to many when the trigger is slower still', forecast(20_000), { triggerSeconds: 20 }, 'direct'],
    ['sends whatever must arrive', forecast(20_000), { mustArrive: true }, 'direct'],
    [
      'shares of what must arrive and does not fit',
      forecast(90_000, { fitsDeadline: false }),
      { mustArrive: true },
      'dispatch',
    ],
    ['one message when sends do not fit', forecast(300, { fitsDeadline: false }), {}, 'native'],
    ['sends when there is no deadline', forecast(10, { fitsDeadline: undefined }), {}, 'direct'],
    ['sends to nobody', forecast(0), {}, 'direct'],
  ])('chooses %s', (_what, foreseen, options, lane) => {
    expect(compareLanes(foreseen, options).lane).toBe(lane);
  });

  it('says why, in time and money', () => {
    expect(compareLanes(forecast(20_000), { triggerSeconds: 2 }).why).toMatch(
      /^20,000 sends take 10 s and cost \$\d+\.\d\d per million broadcasts; one message for the path takes 2 s and costs \$0\.34$/,
    );
    expect(compareLanes(forecast(90_000, { fitsDeadline: false }), { mustArrive: true }).why).toMatch(
      /^it must arrive, and 90,000 sends take 45 s .*: more time than this call has$/,
    );
    expect(compareLanes(forecast(1), { mustArrive: true }).why).toMatch(
      /^it must arrive, and only sends are reported; 1 send takes \d+ ms and costs \$0\.34 per million broadcasts$/,
    );
  });

  it('costs what docs/cost.md says', () => {
    const fast = { seconds: 0, pace: { perSecond: 1e9, measured: true } };
    for (const memoryMb of [128, 1024]) {
      const { direct } = compareLanes(forecast(1_000_000, fast), { memoryMb });
      const { seconds, usd } = costOfMillion(CPU_MICROS_PER_SEND, memoryMb);
      expect(direct).toEqual({ seconds, usd, queueMessages: 0 });
    }
  });

  it('believes a pace that is slower than what the core allows, and pays for the time', () => {
    const { direct } = compareLanes(forecast(1000, { seconds: 100 }));
    expect(direct.seconds).toBe(100);
    expect(direct.usd).toBeCloseTo((100 / 3600) * 0.125 * 0.0531 + 0.1555e-6, 10);
  });

  it('pays for a call of 100 ms at least, for both lanes', () => {
    const { direct, native } = compareLanes(forecast(1));
    expect(direct.usd).toBe(native.usd);
    expect(native).toMatchObject({ seconds: 1, queueMessages: 1 });
  });

  it.each([
    [{ memory: 128 }, /Unrecognized key: "memory"/],
    [{ memoryMb: 1 }, /memoryMb/],
    [{ triggerSeconds: -1 }, /triggerSeconds/],
  ])('refuses %j', (options, message) => {
    expect(() => compareLanes(forecast(1), options as LaneOptions)).toThrow(message);
  });
});
