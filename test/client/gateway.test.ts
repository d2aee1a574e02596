/**
 * Nothing is lost and nothing doubled across rotations and breakdowns: client, gateway, server and store, for
 * real.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Recovery } from 'yc-broadcast/client';
import { startClientGateway, type ClientGateway, type GatewayClient } from '../support/client-gateway.js';
import { until } from '../support/until.js';

let gateway: ClientGateway;

beforeEach(async () => {
  gateway = await startClientGateway();
});

afterEach(() => gateway.stop());

interface Listener extends GatewayClient {
  readonly heard: number[];
  readonly recoveries: Recovery[];
}

async function listen(): Promise<Listener> {
  // Breakdowns follow each other faster here than anywhere: it would wait longer and longer.
  const opened = gateway.open({ maxDelayMs: 500 });
  const room = opened.client.join('lobby');
  const heard: number[] = [];
  const recoveries: Recovery[] = [];
  room.on('said', ({ n }) => heard.push(n));
  room.onRecovery((recovery) => recoveries.push(recovery));
  await gateway.until(() => room.position !== null);
  return { ...opened, heard, recoveries };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

const cut = ({ sockets }: Listener): void => {
  sockets.at(-1)?.terminate();
};

/** Moves on until the next connection is being opened. */
async function becomeOld(sockets: readonly unknown[]): Promise<void> {
  for (const { length } = sockets; sockets.length === length;) await gateway.clock.advance(15_000);
}

/** Ways to lose a connection, or what it brings. */
const BREAKDOWNS: readonly ((listener: Listener) => unknown)[] = [
  cut,
  function refusesToComeBack(listener) {
    let refusals = 2;
    gateway.intercept = (type) => (type === 'CONNECT' && refusals-- > 0 ? { statusCode: 503 } : undefined);
    cut(listener);
  },
  function nobodyTellsTheServer(listener) {
    gateway.intercept = (type) => (type === 'DISCONNECT' ? { statusCode: 200 } : undefined);
    cut(listener);
  },
  function theGatewayCloses({ connectionId }) {
    return gateway.disconnect(connectionId());
  },
  async function nothingArrivesUntilTheNextRotation({ sockets }) {
    sockets.at(-1)?.pause();
    await becomeOld(sockets);
  },
];

const hasWebSocket = 'WebSocket' in globalThis;
if (!hasWebSocket) console.info('skipped: the built-in WebSocket needs Node.js 22');

(hasWebSocket ? it : it.skip)('needs no WebSocket of a package where there is one', async () => {
  const client = connect({ url: gateway.emulator.wsUrl('/ws') });
  await until(() => client.state === 'open');
  expect(await client.request('echo', 'hi')).toBe('hi');
  client.close();
});

describe('while another client speaks steadily', () => {
  it('hears everything once and in order across 200 rotations, and shows none of them', async () => {
    const listener = await listen();
    const speech = await gateway.speak();
    for (let rotations = 1; rotations <= 200; rotations++) {
      const before = listener.heard.length;
      await becomeOld(listener.sockets);
      await gateway.until(() => listener.welcomes.length > rotations);
      // The clients' time runs faster than the speaker, so it would be over before much was said.
      await gateway.until(() => listener.heard.length > before);
    }
    const last = await speech.stop();
    await gateway.until(() => listener.heard.length >= last);
    expect(listener.heard).toEqual(upTo(last));
    expect(last).toBeGreaterThanOrEqual(200);
    expect(listener.states.map(({ state }) => state)).toEqual(['open']);
    expect(listener.recoveries).toEqual([]);
    expect(listener.welcomes.filter(({ isReplacement }) => isReplacement)).toHaveLength(200);
  }, 180_000);

  it('hears everything once and in order across 200 breakdowns', async () => {
    const listener = await listen();
    const speech = await gateway.speak();
    for (let round = 1; round <= 200; round++) {
      await BREAKDOWNS[round % BREAKDOWNS.length]?.(listener);
      await gateway.until(() => listener.welcomes.length > round);
      gateway.intercept = () => undefined;
    }
    const last = await speech.stop();
    await gateway.until(() => listener.heard.length >= last);
    expect(listener.heard).toEqual(upTo(last));
    expect(listener.recoveries.filter(({ recovered }) => recovered)).toHaveLength(160);
    expect(listener.recoveries).toHaveLength(160);
    expect(listener.states.at(-1)).toEqual({ state: 'open' });
  }, 180_000);
});
