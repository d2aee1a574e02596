/**
 * The notifications example as its README runs it: one command, a publisher in a shell, and a page in
 * headless Chromium.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/browser.js';
import { runCli, startCli, type RunningCli } from '../support/cli.js';
import { requireProgram } from '../support/servers.js';

const executablePath = requireProgram('chromium', 'apt-get install chromium');
const withChromium = executablePath === undefined ? describe.skip : describe;
jest.setTimeout(90_000);

const EXAMPLE = 'examples/notifications';
let gateway: RunningCli;
let port: string;
let browser: Browser;
const complaints: string[] = [];

withChromium('the notifications page', () => {
  beforeAll(async () => {
    gateway = startCli([
      ...['dev', `${EXAMPLE}/handler.ts`, '--spec', `${EXAMPLE}/gateway.yaml`, '--store'],
      ...['--static', `${EXAMPLE}/public`, '--port', '0', '--format', 'json'],
    ]);
    port = (await gateway.printed(/"url":"http:\/\/127\.0\.0\.1:(\d+)"/))[1] ?? '';
    browser = await launchChromium(String(executablePath));
  });

  afterAll(async () => {
    await browser.close();
    gateway.signal('SIGTERM');
    await gateway.exited;
  });

  it('shows what was published, before and after it was opened, and counts until somebody looks', async () => {
    expect(await publish('anna,boris', 'Deployed', 'Version 12 is live.', 'deploy-12')).toMatch(/^200 /);
    const [laptop, phone] = [await open('anna'), await open('anna', { width: 360, height: 640 })];
    await titles(laptop, ['Deployed']);
    await badge(laptop, '1');

    await publish('anna', 'Tea is ready', 'In the kitchen, until it is cold.', 'tea-0001');
    expect(await publish('anna', 'Tea is ready', 'In the kitchen, until it is cold.', 'tea-0001')).toContain(
      '"repeated":true',
    );
    for (const page of [laptop, phone]) await titles(page, ['Tea is ready', 'Deployed']);
    await badge(phone, '2');
    expect(await laptop.title()).toBe('(2) Notifications');
    await remind();
    await laptop.locator('#digest', { hasText: '2 unread, the newest: Tea is ready' }).waitFor();
    await keep(laptop, 'notifications');
    await keep(phone, 'notifications-phone');

    await phone.click('#bell');
    for (const page of [laptop, phone]) await page.locator('#badge').waitFor({ state: 'hidden' });
    expect(await laptop.locator('.is-unread').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('counts what came while the connection was lost', async () => {
    const dmitry = await open('dmitry');
    await dmitry.locator('#command', { hasText: 'publish.js dmitry' }).waitFor();
    await publish('dmitry', 'Before', 'the tunnel');
    await badge(dmitry, '1');
    await dmitry.click('#bell');
    await dmitry.locator('#badge').waitFor({ state: 'hidden' });

    await dmitry.context().setOffline(true);
    await publish('dmitry', 'Meanwhile', 'in the tunnel');
    await dmitry.context().setOffline(false);
    await titles(dmitry, ['Meanwhile', 'Before']);
    await badge(dmitry, '1');
    expect(await dmitry.locator('.is-unread h2').allTextContents()).toEqual(['Meanwhile']);
  });

  it('tells a newcomer how to publish', async () => {
    const clara = await open('clara');
    await clara.locator('#command', { hasText: 'publish.js clara' }).waitFor();
    await keep(clara, 'notifications-empty');
  });
});

async function publish(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, NOTIFY_URL: `http://127.0.0.1:${port}/notify` };
  return (await promisify(execFile)(process.execPath, [`${EXAMPLE}/publish.js`, ...args], { env })).stdout;
}

/** What the trigger does in the cloud. */
async function remind(): Promise<void> {
  const { code } = await runCli('invoke', 'message', '--file', `${EXAMPLE}/timer.json`, '--port', port);
  expect(code).toBe(0);
}

async function open(me: string, viewport = { width: 720, height: 480 }): Promise<Page> {
  const page = await browser.newPage({ viewport, locale: 'en-GB', reducedMotion: 'reduce' });
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`http://127.0.0.1:${port}/?me=${me}`);
  return page;
}

/** The newest first. */
async function titles(page: Page, expected: readonly string[]): Promise<void> {
  await page
    .locator('.card')
    .nth(expected.length - 1)
    .waitFor();
  expect(await page.locator('.card h2').allTextContents()).toEqual(expected);
}

async function badge(page: Page, text: string): Promise<void> {
  await page.locator('#badge', { hasText: text }).waitFor();
}

async function keep(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test/artefacts/${name}.png` });
}
