/**
 * The live board: hundreds of viewers get each score by the lane that the forecast speaks for, and the final
 * for certain.
 */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import type { GatewayResponse } from 'yc-broadcast';
import { startEmulator, type Emulator, type TestClient } from 'yc-broadcast/emulator';
import { pathBroadcaster } from 'yc-broadcast/native';
import { messageQueue } from 'yc-broadcast/queue/client';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { createLiveBoard } from '../../examples/live-board/app.js';
import { board, type Score } from '../../examples/live-board/contract.js';
import { runCli } from '../support/cli.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);
const VIEWERS = Number(process.env['BOARD_VIEWERS'] ?? 300);
const KEY = 'the-operators-key';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface World {
  readonly gateway: Emulator;
  readonly post: (score: object, key?: string) => Promise<{ status: number; body: Record<string, unknown> }>;
  readonly crowd: (count: number) => Promise<TestClient[]>;
}

/** The slower the trigger, the more viewers it takes to make it the better lane. */
async function start(triggerSeconds: number): Promise<World> {
  let handler: (event: unknown) => Promise<GatewayResponse> = () => Promise.reject(new Error('not yet'));
  const gateway = await startEmulator({
    spec: 'examples/live-board/gateway.yaml',
    functions: (event: unknown) => handler(event),
    queues: { live: {} },
    triggers: [{ queue: 'live', broadcast: '/ws' }],
  });
  const queue = messageQueue(gateway.queue('live').access);
  closers.push(gateway.stop, queue.close);
  ({ handler } = createLiveBoard({
    store: memoryStore(),
    transport: restTransport({ endpoint: gateway.endpoint, token: 't' }),
    live: pathBroadcaster({ queue, contract: board }),
    operatorKey: KEY,
    origins: [],
    triggerSeconds,
  }));
  return {
    gateway,
    async post(score, key = KEY) {
      const headers = { 'Content-Type': 'application/json', 'X-Operator-Key': key };
      const request = { method: 'POST', headers, body: JSON.stringify(score) };
      const response = await fetch(`${gateway.url}/score`, request);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async crowd(count) {
      const viewers: TestClient[] = [];
      while (viewers.length < count) {
        const some = Math.min(50, count - viewers.length);
        viewers.push(...(await Promise.all(Array.from({ length: some }, () => gateway.connect('/ws')))));
      }
      return viewers;
    },
  };
}

/** The scores in a frame: of a send, or in the envelope of the trigger. */
function scoresIn(frame: unknown): Score[] {
  const { data, messages } = JSON.parse(String(frame)) as {
    data?: Score;
    messages?: { details: { message: { body: string } } }[];
  };
  return data === undefined
    ? (messages ?? []).flatMap(({ details }) => scoresIn(details.message.body))
    : [data];
}

const heard = (viewers: readonly TestClient[]): Score[][] =>
  viewers.map((viewer) => viewer.pending().flatMap(scoresIn));

describe('a score', () => {
  it('goes to hundreds as one message, when sending to each would take longer', async () => {
    const { post, crowd, gateway } = await start(0.01);
    const viewers = await crowd(VIEWERS);
    const { status, body } = await post({ home: 1, away: 0, minute: 12 });
    expect([status, body]).toMatchObject([
      200,
      { lane: 'native', sent: { queued: true, delivered: 'unknown' } },
    ]);
    expect(body['why']).toMatch(
      new RegExp(`^${VIEWERS} sends take .*; one message for the path takes 10 ms and costs \\$0\\.34$`),
    );
    await until(() => viewers.every((viewer) => viewer.received() === 1));
    for (const scores of heard(viewers)) expect(scores).toMatchObject([{ home: 1, away: 0, lane: 'native' }]);
    expect(gateway.timeline('type:send')).toEqual([]);
  });

  it('goes to each, with a report, when that is quicker', async () => {
    const { post, crowd } = await start(60);
    const viewers = await crowd(VIEWERS);
    const { body } = await post({ home: 0, away: 1, minute: 20 });
    expect(body).toMatchObject({ lane: 'direct', sent: { recipients: VIEWERS, delivered: VIEWERS } });
    await until(() => viewers.every((viewer) => viewer.received() === 1));
    for (const scores of heard(viewers)) expect(scores).toMatchObject([{ away: 1, lane: 'direct' }]);
  });

  it('that is final goes to each, whatever it takes', async () => {
    const { post, crowd } = await start(0);
    const viewers = await crowd(3);
    expect((await post({ home: 2, away: 2, minute: 80 })).body).toMatchObject({ lane: 'native' });
    const { body } = await post({ home: 2, away: 3, minute: 90, isFinal: true });
    expect(body).toMatchObject({ lane: 'direct', sent: { recipients: 3, delivered: 3 } });
    expect(body['why']).toMatch(/^it must arrive/);
    await until(() => viewers.every((viewer) => viewer.received() === 2));
  });

  it('waits for those who come later', async () => {
    const { post, crowd } = await start(1);
    await post({ home: 1, away: 1, minute: 44 });
    const [late] = await crowd(1);
    expect(await late?.nextJson()).toMatchObject({ type: 'score', data: { home: 1, away: 1, minute: 44 } });
  });

  it.each([
    ['401 without the key', { home: 1, away: 0, minute: 1 }, 'a guess', 401],
    ['400 with half a goal', { home: 0.5, away: 0, minute: 1 }, KEY, 400],
    ['400 with a field that is not known', { home: 0, away: 0, minute: 1, min: 1 }, KEY, 400],
  ])('is refused with %s', async (_what, score, key, status) => {
    const { post, crowd } = await start(1);
    const [viewer] = await crowd(1);
    expect((await post(score, key)).status).toBe(status);
    expect(viewer?.received()).toBe(0);
  });
});

it('has the specification that the command prints', async () => {
  const ids = ['--function-id', 'set-me', '--service-account-id', 'set-me'];
  const { output } = await runCli('spec', ...ids, '--http', '/score', '--title', 'live-board');
  expect(parse(readFileSync('examples/live-board/gateway.yaml', 'utf8'))).toEqual(parse(output));
});
