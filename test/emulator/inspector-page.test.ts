/** The inspector in headless Chromium. Screenshots go to `test/artefacts`, to be looked at. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { launchChromium } from '../support/browser.js';
import { temporaryProject } from '../support/cli.js';
import { requireProgram } from '../support/servers.js';

const executablePath = requireProgram('chromium', 'apt-get install chromium');
const withChromium = executablePath === undefined ? describe.skip : describe;
const PATIENCE_MS = 15_000;
jest.setTimeout(90_000);

const ROOM = `
import { createApp } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
const app = createApp({ store: memoryStore(), origins: [] });
app.onConnect(({ join }) => join('lobby'));
app.onMessage(async ({ body, to }) => { await to('lobby').sendRaw(body); });
export const handler = app.handler;
`;

let browser: Browser;
let emulator: Emulator;
const complaints: string[] = [];

async function visit(options: BrowserContextOptions = {}, address = emulator.inspector.url): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 760 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(address);
  return page;
}

const rowsOf = (page: Page, table: 'connection' | 'timeline') => page.locator(`#${table}-table tbody tr`);

async function send(page: Page, text: string): Promise<string> {
  await page.fill('#send-data', text);
  await page.click('#send button[type=submit]');
  await page.waitForFunction("document.getElementById('outcome').textContent !== ''");
  return String(await page.textContent('#outcome'));
}

withChromium('the inspector page', () => {
  beforeAll(async () => {
    browser = await launchChromium(String(executablePath));
  });

  beforeEach(async () => {
    const echo = ({ body }: { readonly body?: string }) => {
      if (body === '<img src=x onerror=alert(1)>') throw new Error(body);
      return { statusCode: 200, body, headers: { 'Content-Type': 'text/plain' } };
    };
    emulator = await startEmulator({ routes: { '/ws': echo }, clock: 'manual' });
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await emulator.stop();
    expect(complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
  });

  it('shows who is connected and what happens, and is known as local in the tab', async () => {
    const page = await visit();
    await page.locator('#connections .empty', { hasText: 'Nobody is connected.' }).waitFor();
    const client = await emulator.connect('/ws');
    await rowsOf(page, 'connection')
      .filter({ hasText: client.id.slice(-4) })
      .waitFor();
    client.send('hello');
    await rowsOf(page, 'timeline')
      .filter({ hasText: 'MESSAGE' })
      .filter({ hasText: '5 B text · reply 5 B' })
      .waitFor();
    expect(await page.title()).toBe('[local] yc-broadcast');
    expect(page.url()).not.toContain(emulator.inspector.token);
    await page.reload();
    await rowsOf(page, 'connection')
      .filter({ hasText: client.id.slice(-4) })
      .waitFor();
  });

  it('sends from the box, as the server and as the client', async () => {
    const client = await emulator.connect('/ws');
    const page = await visit();
    await rowsOf(page, 'connection').first().click();
    expect(await page.inputValue('#send-to')).toBe(client.id);
    expect(await send(page, 'from the server')).toBe('put on 1 connection');
    expect(await client.next()).toBe('from the server');
    await page.selectOption('#send-as', 'client');
    await send(page, 'from the client');
    expect(await client.next()).toBe('from the client');
    await page.fill('#send-to', 'nobody');
    await send(page, 'x');
    await page.locator('#outcome[data-bad]', { hasText: "no open connection 'nobody'" }).waitFor();
  });

  it('closes and drops connections', async () => {
    const [polite, rude] = [await emulator.connect('/ws'), await emulator.connect('/ws')];
    const page = await visit();
    await rowsOf(page, 'connection')
      .filter({ hasText: polite.id.slice(-4) })
      .click();
    await page.selectOption('#detail select', '4000');
    await page.click('#detail button:text-is("Close")');
    expect((await polite.closed).code).toBe(4000);
    await rowsOf(page, 'connection')
      .filter({ hasText: rude.id.slice(-4) })
      .click();
    await page.locator('#detail dd', { hasText: rude.id }).waitFor();
    await page.click('#detail button:text-is("Drop")');
    expect((await rude.closed).code).toBe(1006);
    await page.locator('#connections .empty', { hasText: 'Nobody is connected.' }).waitFor();
  });

  it('filters the timeline, and says what is wrong with a filter', async () => {
    const client = await emulator.connect('/ws');
    client.send('<img src=x onerror=alert(1)>');
    await emulator.idle();
    const page = await visit();
    await rowsOf(page, 'timeline').nth(1).waitFor();
    await page.fill('#filter', 'level:error');
    await rowsOf(page, 'timeline').filter({ hasText: 'Error: <img src=x onerror=alert(1)>' }).waitFor();
    expect(await rowsOf(page, 'timeline').count()).toBe(1);
    await page.fill('#filter', 'colour:red');
    await page.locator('#filter-problem', { hasText: "there is no key 'colour'" }).waitFor();
    await page.fill('#filter', '');
    await rowsOf(page, 'timeline').nth(1).waitFor();
    await page.click('#clear');
    await page.locator('#timeline .empty', { hasText: 'Nothing has happened yet.' }).waitFor();
  });

  it('shows rooms, broadcasts with what their sockets got, and instances', async () => {
    const { path, remove } = temporaryProject({ 'room.ts': ROOM });
    const gateway = await startEmulator({ routes: { '/ws': { entry: `${path}/room.ts`, instances: 1 } } });
    const clients = [await gateway.connect('/ws'), await gateway.connect('/ws')];
    const page = await visit({}, gateway.inspector.url);
    await page.focus('#tab-connections');
    await page.keyboard.press('ArrowRight');
    await page.locator('#room-table tr', { hasText: 'lobby' }).locator('td', { hasText: '2' }).waitFor();
    await page.click('#room-table button:text-is("lobby")');
    expect(await send(page, 'to the room')).toBe('put on 2 connections');

    clients[0]?.send('hello');
    await page.click('#tab-broadcasts');
    await page.click('#broadcast-table button:text-is("room:lobby")');
    await page.locator('.more', { hasText: 'The report and the sockets agree.' }).waitFor();
    expect(await page.locator('.histogram meter').count()).toBeGreaterThan(0);

    await page.click('#tab-instances');
    await page.click('#instance-table button:text-is("Kill")');
    await page.locator('#instance-table td', { hasText: '#2' }).waitFor();
    await page.context().close();
    await gateway.stop();
    remove();
  });

  it('makes things go wrong, in words and by presets', async () => {
    const client = await emulator.connect('/ws');
    const page = await visit();
    await page.click('#tab-faults');
    await page.fill('#fault-text', 'message.effect=drop message.times=1');
    await page.click('#fault-add button[type=submit]');
    await page.locator('#fault-table td', { hasText: 'message.effect=drop' }).waitFor();
    client.send('lost');
    client.send('kept');
    expect(await client.next()).toBe('kept');
    await page.click('#presets button:text-is("flaky-api")');
    await page.locator('#fault-table td', { hasText: 'send.status=503 send.rate=0.2' }).waitFor();
    await page.fill('#fault-text', 'send.colour=red');
    await page.keyboard.press('Enter');
    await page.locator('#fault-outcome', { hasText: 'no such field' }).waitFor();
    await page.click('#fault-clear');
    await page.locator('#faults .empty', { hasText: 'Nothing goes wrong on purpose.' }).waitFor();
  });

  it('moves a manual clock', async () => {
    const client = await emulator.connect('/ws');
    const page = await visit();
    await page.click('#clock button');
    expect((await client.closed).code).toBe(1001);
  });

  it('can be driven by the keyboard', async () => {
    const client = await emulator.connect('/ws');
    const page = await visit();
    await rowsOf(page, 'connection').first().waitFor();
    await page.focus('#connection-table .id');
    await page.keyboard.press('Enter');
    await page.locator('#detail dd', { hasText: client.id }).waitFor();
    await page.fill('#send-data', 'typed');
    await page.keyboard.press('Control+Enter');
    expect(await client.next()).toBe('typed');
  });

  it('says so when the token is wrong, and when the gateway is gone', async () => {
    const stranger = await visit({}, emulator.inspector.url.replace(/.$/, '!'));
    await stranger
      .locator('#state[data-state=lost]', { hasText: 'open the address that dev printed' })
      .waitFor();
    const page = await visit();
    await page.locator('#state[data-state=live]').waitFor();
    await emulator.stop();
    await page.locator('#state[data-state=lost]', { hasText: 'does not answer' }).waitFor();
  });

  it('is readable in the dark, and on a narrow screen, where the timeline is a tab', async () => {
    for (let i = 0; i < 3; i++) (await emulator.connect('/ws')).send('hello');
    await emulator.idle();
    const page = await visit({ colorScheme: 'dark', viewport: { width: 360, height: 740 } });
    await rowsOf(page, 'connection').nth(2).waitFor();
    expect(await page.isVisible('#timeline')).toBe(false);
    await page.click('#tab-timeline');
    await rowsOf(page, 'timeline').nth(5).waitFor();
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate(overflow)).toBe(0);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(19, 22, 20)');
    await page.screenshot({
      path: fileURLToPath(new URL('../artefacts/inspector-narrow.png', import.meta.url)),
    });
  });
});

it('the inspector page is small enough to read, and comes without a build', () => {
  const folder = fileURLToPath(new URL('../../src/emulator/page', import.meta.url));
  const files = readdirSync(folder);
  expect(files.filter((name) => !/\.(html|css|js)$/.test(name))).toEqual([]);
  const bytes = files.reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0);
  expect(bytes).toBeLessThan(60_000);
});
