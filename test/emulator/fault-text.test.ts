import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  FAULT_PRESETS,
  formatFault,
  parseFaults,
  startEmulator,
  type Emulator,
  type Fault,
  type FaultPreset,
} from 'yc-broadcast/emulator';

let emulator: Emulator | undefined;

afterEach(async () => {
  await emulator?.stop();
  emulator = undefined;
});

async function start(): Promise<Emulator> {
  emulator = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) } });
  return emulator;
}

describe('the textual form of faults', () => {
  it.each<[string, readonly Fault[]]>([
    ['send.status=503 send.rate=0.2', [{ on: 'send', status: 503, rate: 0.2 }]],
    ['send=gone', [{ on: 'send', status: 'gone' }]],
    ['send.status=429 send.retry-after=2s', [{ on: 'send', status: 429, retryAfterSeconds: 2 }]],
    ['send.delay=1s500ms send.times=3', [{ on: 'send', delayMs: 1500, times: 3 }]],
    [
      'connect.status=reset connect.path=/ws/{room}',
      [{ on: 'connect', status: 'reset', path: '/ws/{room}' }],
    ],
    ['message=drop message.rate=20%', [{ on: 'message', effect: 'drop', rate: 0.2 }]],
    ['disconnect=late disconnect.delay=1m', [{ on: 'disconnect', effect: 'late', delayMs: 60_000 }]],
    ['instance=kill instance.delay=20ms', [{ on: 'instance', effect: 'kill', delayMs: 20 }]],
    ['token=expired token.connection=d7', [{ on: 'token', effect: 'expired', connection: 'd7' }]],
    [
      '  message=drop\n disconnect=lost ',
      [
        { on: 'message', effect: 'drop' },
        { on: 'disconnect', effect: 'lost' },
      ],
    ],
    [
      'send=429 send.rate=0.5 send=503',
      [
        { on: 'send', status: 429, rate: 0.5 },
        { on: 'send', status: 503 },
      ],
    ],
    ['', []],
  ])('%s', (text, faults) => {
    const parsed = parseFaults(text);
    expect(parsed).toEqual({ seed: undefined, faults });
    expect(parseFaults(parsed.faults.map(formatFault).join(' ')).faults).toEqual(faults);
  });

  it('can name the seed', () => {
    expect(parseFaults('send=503 seed=17').seed).toBe(17);
  });

  it.each([
    [
      'snd.status=503',
      "fault 'snd': no such point; there are send, connect, message, disconnect, instance, token",
    ],
    [
      'send.rat=0.2',
      "fault 'send.rat': no such field; send has status, delay, retry-after, rate, times, connection, path",
    ],
    ['token.delay=1s', "fault 'token.delay': no such field; token has effect, rate, times, connection, path"],
    ['send', "fault 'send': expected <point>.<field>=<value>, such as send.status=503"],
    ['send.rate=often', "fault 'send.rate': expected a share such as 0.2 or 20%, got 'often'"],
    ['send=503 send.rate=1.5', "fault 'send.rate': Too big: expected number to be <=1"],
    ['send=503 send.rate=0', "fault 'send.rate': Too small: expected number to be >0"],
    ['send.rate=0.2', "fault 'send.status': expected a status or a delay"],
    ['send=200', "fault 'send.status': Too small: expected number to be >=400"],
    ['send=slow', "fault 'send.status': expected a status from 400 to 599, gone, hang, reset or answer-lost"],
    ['connect=hang', "fault 'connect.status': expected a status from 400 to 599, or reset"],
    ['send.delay=2', "fault 'send.delay': expected a time such as 500ms, 2s or 1m, got '2'"],
    ['send=429 send.retry-after=1500ms', "fault 'send.retry-after': expected a time in whole seconds"],
    ['send=hang send.retry-after=1s', "fault 'send.retry-after': goes with a status that is a number"],
    ['message=lost', `fault 'message.effect': Invalid option: expected one of "duplicate"|"reorder"|"drop"`],
    ['message.rate=0.5', `fault 'message.effect': Invalid option: expected one of "duplicate"`],
    ['disconnect=lost disconnect.delay=1s', "fault 'disconnect.delay': goes with the effect late"],
    ['send=503 send.path=ws', "fault 'send.path': a path begins with '/'"],
    ['send=503 send.times=0', "fault 'send.times': "],
    ['seed=x', "fault 'seed': expected a whole number, got 'x'"],
  ])('%s is refused, naming the mistake', (text, problem) => {
    expect(() => parseFaults(text)).toThrow(problem);
  });

  it('adds nothing when there is a mistake in it', async () => {
    const { faults } = await start();
    expect(() => {
      faults.addText('send=503 message=lost');
    }).toThrow();
    expect(faults.list()).toEqual([]);
  });
});

describe('presets', () => {
  it.each(Object.keys(FAULT_PRESETS) as FaultPreset[])(
    '%s puts faults in force and says what it does',
    async (name) => {
      const { faults } = await start();
      faults.preset(name);
      expect(
        faults
          .list()
          .map(({ text }) => text)
          .join(' '),
      ).toBe(FAULT_PRESETS[name].text);
      expect(FAULT_PRESETS[name].summary).toMatch(/^[a-z].{10,}/);
    },
  );

  it('are refused by a name that there is not', async () => {
    const { faults } = await start();
    expect(() => {
      faults.preset('gon-storm' as FaultPreset);
    }).toThrow("no preset 'gon-storm'; there are gone-storm, flaky-api,");
  });
});

it('the page of the documentation lists every preset with what it does', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/local-gateway.md', import.meta.url)), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| ([^|]+?) +\|$/gm)].map(([, name, what]) => [
    name,
    what,
  ]);
  const presets = Object.entries(FAULT_PRESETS).map(([name, { summary }]) => [name, summary]);
  expect(rows.filter(([name = '']) => name in FAULT_PRESETS)).toEqual(presets);
});
