/**
 * The live board as its README runs it: one command, an operator in a shell, and a page that hears both
 * lanes.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/browser.js';
import { startCli, type RunningCli } from '../support/cli.js';
import { requireProgram } from '../support/servers.js';

const executablePath = requireProgram('chromium', 'apt-get install chromium');
const withChromium = executablePath === undefined ? describe.skip : describe;
jest.setTimeout(90_000);

const EXAMPLE = 'examples/live-board';
let gateway: RunningCli;
let url: string;
let browser: Browser;
const complaints: string[] = [];

withChromium('the live board', () => {
  beforeAll(async () => {
    gateway = startCli(
      [
        ...['dev', `${EXAMPLE}/handler.ts`, '--spec', `${EXAMPLE}/gateway.yaml`, '--store'],
        ...['--queue', 'live=/ws', '--static', `${EXAMPLE}/public`, '--port', '0', '--format', 'json'],
      ],
      // A trigger that takes no time is better for a single viewer already.
      { TRIGGER_SECONDS: '0' },
    );
    url = (await gateway.printed(/"url":"(http:\/\/127\.0\.0\.1:\d+)"/))[1] ?? '';
    browser = await launchChromium(String(executablePath));
  });

  afterAll(async () => {
    await browser.close();
    gateway.signal('SIGTERM');
    await gateway.exited;
  });

  it('shows what comes by either lane, and says which and why', async () => {
    const [wide, phone] = [await open({ width: 900, height: 560 }), await open({ width: 360, height: 640 })];
    await wide.locator('footer', { hasText: 'play.js' }).waitFor();
    await post({ home: 2, away: 1, minute: 67 });
    for (const page of [wide, phone]) await shows(page, ['2', '1', '67′', 'One message for the path']);
    await wide.locator('#why', { hasText: 'one message for the path takes' }).waitFor();
    await wide.screenshot({ path: 'test/artefacts/live-board.png' });
    await phone.screenshot({ path: 'test/artefacts/live-board-phone.png' });
    expect(await phone.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);

    await post({ home: 2, away: 2, minute: 90, isFinal: true });
    for (const page of [wide, phone]) await shows(page, ['2', '2', 'Full time', 'Sent to each']);
    await phone.reload();
    await shows(phone, ['2', '2', 'Full time', 'Sent to each']);
    expect(complaints).toEqual([]);
  });
});

async function post(score: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json', 'X-Operator-Key': 'only-for-the-laptop' };
  const response = await fetch(`${url}/score`, { method: 'POST', headers, body: JSON.stringify(score) });
  expect(response.status).toBe(200);
}

async function open(viewport: { width: number; height: number }): Promise<Page> {
  const page = await browser.newPage({ viewport, locale: 'en-GB', reducedMotion: 'reduce' });
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  const greeted = page.waitForEvent('websocket').then((socket) => socket.waitForEvent('framereceived'));
  await page.goto(url);
  await greeted;
  return page;
}

async function shows(page: Page, [home = '', away = '', minute = '', lane = '']: string[]): Promise<void> {
  await page.locator('#minute', { hasText: minute }).waitFor();
  expect(await page.locator('#home').textContent()).toBe(home);
  expect(await page.locator('#away').textContent()).toBe(away);
  expect(await page.locator('#lane').textContent()).toBe(lane);
}
