/** The client in headless Chromium, whose time runs twenty times faster than the gateway's. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../support/browser.js';
import { startClientGateway, type ClientGateway } from '../support/client-gateway.js';
import { makeOdd } from '../support/odd-browser.js';
import { dropSockets } from '../support/drop-sockets.js';
import { requireProgram } from '../support/servers.js';

const executablePath = requireProgram('chromium', 'apt-get install chromium');
const withChromium = executablePath === undefined ? describe.skip : describe;

/** The whole exercise: `YC_BROADCAST_ROTATIONS=200`, a few minutes. */
const ROTATIONS = Number(process.env['YC_BROADCAST_ROTATIONS'] ?? 20);
const BREAKDOWNS = ROTATIONS;

/**
 * More, and a busy machine would be a network that is too slow for anybody: the client waits 20 seconds of it
 * at most.
 */
const SPEED = 20;
/** In the page's time: a second of ours. The gateway itself takes its hour. */
const LIFETIME_MS = 20_000;
const TEST_MS = 60_000 + ROTATIONS * 5000;

const PAGE = `<!doctype html><title>Listener</title><script type="module">
  import { connect } from '/client.js';
  const begun = Date.now();
  const clock = {
    now: () => begun + (Date.now() - begun) * ${SPEED},
    after(ms, fire) {
      const timer = setTimeout(fire, ms / ${SPEED});
      return () => clearTimeout(timer);
    },
  };
  const log = (window.log = { heard: [], states: [], recoveries: [], connections: 0 });
  const client = connect({ url: location.origin.replace('http', 'ws') + '/ws?page=1', clock, maxDelayMs: 5000 });
  client.onState(({ state }) => log.states.push(state));
  client.onConnection(() => log.connections++);
  const room = client.join('lobby');
  room.on('said', ({ n }) => log.heard.push(n));
  room.onRecovery(({ recovered }) => log.recoveries.push(recovered));
  await room.joined;
  // How long the first connection took is not the question.
  log.states = [];
  log.isReady = true;
</script>`;

interface Log {
  readonly heard: number[];
  readonly states: string[];
  readonly recoveries: boolean[];
  readonly connections: number;
}

let folder: string;
let gateway: ClientGateway;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** The gateway's id of the page's newest connection. */
let connectionId: string;

withChromium('a page, while another client speaks steadily', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-page-'));
    const client = fileURLToPath(new URL('../../src/client/index.ts', import.meta.url));
    await build({ entryPoints: [client], bundle: true, format: 'esm', outfile: join(folder, 'client.js') });
    writeFileSync(join(folder, 'index.html'), PAGE);
    browser = await launchChromium(String(executablePath));
  });

  beforeEach(async () => {
    gateway = await startClientGateway({ lifetimeMs: LIFETIME_MS, static: folder });
    letThrough();
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(gateway.emulator.url);
    await page.waitForFunction('window.log?.isReady');
  });

  afterEach(async () => {
    await context.close();
    await gateway.stop();
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  it(
    `hears everything once and in order across ${ROTATIONS} rotations, and sees none of them`,
    async () => {
      const speech = await gateway.speak();
      await page.waitForFunction(`log.connections > ${ROTATIONS}`, undefined, { timeout: TEST_MS });
      const last = await speech.stop();
      const log = await everythingUpTo(last);
      expect(log.heard).toEqual(upTo(last));
      expect(log.states).toEqual([]);
      expect(log.recoveries).toEqual([]);
    },
    TEST_MS,
  );

  it(
    `hears everything once and in order across ${BREAKDOWNS} breakdowns`,
    async () => {
      const speech = await gateway.speak();
      for (let round = 0; round < BREAKDOWNS; round++) {
        const { connections } = await readLog();
        await breakdowns[round % breakdowns.length]?.();
        await page.waitForFunction(`log.connections > ${connections} && log.states.at(-1) === 'open'`);
        letThrough();
      }
      const last = await speech.stop();
      const log = await everythingUpTo(last);
      expect(log.heard).toEqual(upTo(last));
      expect(log.states.filter((state) => state === 'open').length).toBeGreaterThan(BREAKDOWNS / 2);
      expect(log.recoveries).not.toContain(false);
    },
    TEST_MS,
  );
});

withChromium('a page in an odd browser', () => {
  it.each(['C', ''])('with language "%s" hears and speaks, and comes back', async (language) => {
    folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-page-'));
    const client = fileURLToPath(new URL('../../src/client/page.ts', import.meta.url));
    await build({ entryPoints: [client], bundle: true, format: 'esm', outfile: join(folder, 'client.js') });
    writeFileSync(join(folder, 'index.html'), PAGE);
    browser = await launchChromium(String(executablePath));
    gateway = await startClientGateway({ static: folder });
    letThrough();
    try {
      context = await browser.newContext();
      await makeOdd(context, language);
      page = await context.newPage();
      const errors: unknown[] = [];
      page.on('pageerror', (error) => errors.push(error));
      await page.goto(gateway.emulator.url);
      await page.waitForFunction('window.log?.isReady');
      const speech = await gateway.speak();
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      await page.waitForFunction('log.heard.length >= 3');
      await gateway.disconnect(connectionId);
      await page.waitForFunction("log.connections > 1 && log.states.at(-1) === 'open'");
      const last = await speech.stop();
      expect((await everythingUpTo(last)).heard).toEqual(upTo(last));
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      await gateway.stop();
      rmSync(folder, { recursive: true });
    }
  });
});

const breakdowns: readonly (() => Promise<void>)[] = [
  () => gateway.disconnect(connectionId),
  () => dropSockets(gateway.emulator, [connectionId]),
  async function goesOffline() {
    await context.setOffline(true);
    await page.waitForFunction("log.states.at(-1) === 'connecting'");
    await context.setOffline(false);
  },
  async function isRefusedTwice() {
    let refusals = 2;
    letThrough((type) => (type === 'CONNECT' && refusals-- > 0 ? { statusCode: 503 } : undefined));
    await gateway.disconnect(connectionId);
  },
  async function nobodyTellsTheServer() {
    letThrough((type) => (type === 'DISCONNECT' ? { statusCode: 200 } : undefined));
    await gateway.disconnect(connectionId);
  },
];

/** Keeps an eye on who connects, and lets everything through that `trouble` does not answer. */
function letThrough(trouble: (eventType: string) => unknown = () => undefined): void {
  gateway.intercept = (eventType, { requestContext, queryStringParameters }) => {
    const isPage = queryStringParameters?.['page'] === '1';
    const answer = trouble(eventType);
    if (eventType === 'CONNECT' && isPage && answer === undefined) ({ connectionId } = requestContext);
    return answer;
  };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

async function readLog(): Promise<Log> {
  return JSON.parse(String(await page.evaluate('JSON.stringify(log)'))) as Log;
}

async function everythingUpTo(last: number): Promise<Log> {
  await page.waitForFunction(`log.heard.length >= ${last}`);
  return readLog();
}
