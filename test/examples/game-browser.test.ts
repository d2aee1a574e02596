/**
 * The game in two browsers whose connections drop: at the end both show the same. Screenshots go to
 * `test/artefacts`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { REST_MS } from '../../examples/game/contract.js';
import { launchChromium } from '../support/browser.js';
import { dropSockets } from '../support/drop-sockets.js';
import { makeOdd } from '../support/odd-browser.js';
import { requireProgram } from '../support/servers.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const executablePath = requireProgram('chromium', 'apt-get install chromium');
const withChromium = executablePath === undefined ? describe.skip : describe;
jest.setTimeout(120_000);

let emulator: Emulator;
let browser: Browser;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

withChromium('the game', () => {
  beforeAll(async () => {
    emulator = await startEmulator({
      routes: { '/ws': { entry: `${root}examples/game/handler.ts` } },
      static: `${root}examples/game/public`,
      store: true,
    });
    browser = await launchChromium(String(executablePath));
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
    await emulator.stop();
  });

  it('is played to its end by two whose connections drop, and both see the same', async () => {
    const anna = await sit('duel', 'Anna');
    const boris = await sit('duel', 'Boris', { colorScheme: 'dark' });
    await anna.getByRole('button', { name: 'Add a bot' }).click();
    for (const page of [anna, boris]) await page.locator('#players li').nth(2).waitFor();
    await anna.getByRole('button', { name: 'I am ready' }).click();
    await shows(anna, 'Waiting for Boris.');
    await anna.screenshot({ path: `${root}test/artefacts/game-lobby.png` });
    await boris.getByRole('button', { name: 'I am ready' }).click();
    for (const page of [anna, boris]) await shows(page, 'Claim free fields!');
    for (let round = 0; (await free(anna)) > 0; round++) {
      // Both reach for the same field.
      await Promise.all([anna, boris].map((page) => claimFirst(page)));
      await anna.waitForTimeout(REST_MS);
      if (round === 3) await screenshots({ anna, boris });
      if (round % 4 === 2) await dropSockets(emulator, emulator.connections().slice(round % 8 === 2 ? 0 : 1));
    }
    for (const page of [anna, boris]) await page.getByRole('button', { name: 'Play again' }).waitFor();
    expect(await boardOf(boris)).toEqual(await boardOf(anna));
    expect(await patches(boris)).toEqual(await patches(anna));
    await anna.screenshot({ path: `${root}test/artefacts/game-over.png` });

    await Promise.all([anna, boris].map((page) => page.getByRole('button', { name: 'Play again' }).click()));
    for (const page of [anna, boris]) await shows(page, 'Say when you are ready.');
    expect(await free(boris)).toBe(36);
  });

  it('is played with the keyboard alone, in an odd browser, and says what is where', async () => {
    const page = await open('keys', {}, (context) => makeOdd(context, 'C'));
    await shows(page, 'Take a seat to play.');
    await page.getByLabel('Your name').fill('Clara');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Add a bot' }).press('Enter');
    await page.getByRole('button', { name: 'I am ready' }).press('Enter');
    await shows(page, 'Claim free fields!');
    await page.getByRole('gridcell').first().focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    await page.getByRole('gridcell', { name: 'Row 3, column 2: Clara' }).waitFor();
    await page.getByRole('gridcell', { name: /: Bot$/ }).waitFor();
    expect(await page.locator('#board button[tabindex="0"]').count()).toBe(1);
  });
});

async function open(
  table: string,
  options: BrowserContextOptions,
  prepare: (context: BrowserContext) => Promise<unknown> = () => Promise.resolve(),
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 360, height: 740 },
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  contexts.push(context);
  context.on('weberror', (error) => complaints.push(String(error.error())));
  await prepare(context);
  const page = await context.newPage();
  await page.goto(`${emulator.url}/#${table}`);
  return page;
}

async function sit(table: string, name: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await open(table, options);
  await shows(page, 'Take a seat to play.');
  if (name === 'Anna') await page.screenshot({ path: `${root}test/artefacts/game-empty.png` });
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Take a seat' }).click();
  await page.locator('#players .is-own', { hasText: name }).waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  return page;
}

async function claimFirst(page: Page): Promise<void> {
  await page
    .locator('#board button:not([data-seat])')
    .first()
    .click({ timeout: 5000 })
    .catch(() => undefined);
}

async function screenshots({ anna, boris }: { anna: Page; boris: Page }): Promise<void> {
  await anna.screenshot({ path: `${root}test/artefacts/game-light.png` });
  await boris.screenshot({ path: `${root}test/artefacts/game-dark.png` });
}

const shows = (page: Page, text: string) => page.locator('#status', { hasText: text }).waitFor();
const free = (page: Page) => page.locator('#board button:not([data-seat])').count();
const boardOf = (page: Page) =>
  page.evaluate("[...document.querySelectorAll('#board button')].map(({ dataset }) => dataset.seat)");
const patches = (page: Page) => page.locator('#players .patch').allTextContents();
