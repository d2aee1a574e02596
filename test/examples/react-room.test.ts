/**
 * The example with React, real React, in headless Chromium. Screenshots go to `test/artefacts`, to be looked
 * at.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { launchChromium } from '../support/browser.js';
import { makeOdd } from '../support/odd-browser.js';
import { dropSockets } from '../support/drop-sockets.js';
import { requireProgram } from '../support/servers.js';
import { until } from '../support/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const executablePath = requireProgram('chromium', 'apt-get install chromium');
const withChromium = executablePath === undefined ? describe.skip : describe;

let emulator: Emulator;
let browser: Browser;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

withChromium('the wall', () => {
  beforeAll(async () => {
    execFileSync('npm', ['run', '--silent', 'build:react-room'], { cwd: root });
    emulator = await startEmulator({
      routes: { '/ws': { entry: `${root}examples/react-room/handler.ts` } },
      static: `${root}examples/react-room/public`,
      store: true,
    });
    browser = await launchChromium(String(executablePath));
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    await until(() => emulator.connections().length === 0);
    expect(complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
    await emulator.stop();
  });

  it('shows who is here and what they pin, to all, once', async () => {
    const [ada, boris] = [await visit('Ada'), await visit('Boris')];
    await pin(ada, 'Standup moves to ten');
    await note(boris, 'Standup moves to ten').waitFor();
    await pin(boris, 'Who has the projector?');
    await note(ada, 'Who has the projector?').waitFor();
    expect(await ada.locator('.people li').allTextContents()).toEqual(['Ada', 'Boris']);
    expect(await ada.locator('.people .me').allTextContents()).toEqual(['Ada']);
    expect(await notes(ada)).toEqual(['Who has the projector?', 'Standup moves to ten']);
    expect(await ada.locator('.notes .me').count()).toBe(1);
    await ada.screenshot({ path: `${root}test/artefacts/react-room.png` });
  });

  it('works in a browser without storage, without TLS, and with a language that is none', async () => {
    const context = await newContext();
    await makeOdd(context, 'C');
    const page = await context.newPage();
    await page.goto(emulator.url);
    await page.locator('.people .me').waitFor();
    await pin(page, 'from afar');
    await note(page, 'from afar').waitFor();
  });

  it('leaves a room with its component, and joins the next one', async () => {
    const [ada, boris] = [await visit('Ada'), await visit('Boris')];
    await ada.getByRole('button', { name: '#ideas' }).click();
    await ada.locator('.people li', { hasText: 'Ada' }).waitFor();
    await pin(boris, 'only in the lobby');
    await note(boris, 'only in the lobby').waitFor();
    await boris.getByRole('button', { name: '#ideas' }).click();
    await boris.locator('.people li', { hasText: 'Ada' }).waitFor();
    await pin(boris, 'an idea');
    await note(ada, 'an idea').waitFor();
    expect(await notes(ada)).toEqual(['an idea']);
  });

  it('shows what was pinned before, to those who come and to those who come back', async () => {
    const ada = await visit('Ada');
    await ada.getByRole('button', { name: '#lunch' }).click();
    await pin(ada, 'soup');
    await note(ada, 'soup').waitFor();
    await pin(ada, 'pie');
    await note(ada, 'pie').waitFor();
    await ada.getByRole('button', { name: '#ideas' }).click();
    await ada.getByRole('button', { name: '#lunch' }).click();
    await note(ada, 'soup').waitFor();
    const boris = await visit('Boris');
    await boris.getByRole('button', { name: '#lunch' }).click();
    await note(boris, 'soup').waitFor();
    for (const page of [ada, boris]) expect(await notes(page)).toEqual(['pie', 'soup']);
  });

  it('has missed nothing when it is back, in order, and sends what was written meanwhile', async () => {
    const boris = await visit('Boris');
    const stay = emulator.connections();
    const ada = await visit('Ada');
    emulator.faults.add({ on: 'connect', status: 503 });
    const lost = emulator.connections().filter((id) => !stay.includes(id));
    await dropSockets(emulator, lost);
    await ada.locator('output.connecting').waitFor();
    for (const text of ['one', 'two', 'three']) {
      await pin(boris, text);
      await note(boris, text).waitFor();
    }
    await pin(ada, 'written in the tunnel');
    emulator.faults.clear();
    await ada.evaluate("window.dispatchEvent(new Event('online'))");
    await note(boris, 'written in the tunnel').waitFor();
    await note(ada, 'written in the tunnel').waitFor();
    expect((await notes(ada)).slice(0, 4)).toEqual(['written in the tunnel', 'three', 'two', 'one']);
    expect(await ada.locator('.gap').count()).toBe(0);
  });
});

async function newContext(): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 900, height: 560 }, locale: 'en-GB' });
  contexts.push(context);
  context.on('weberror', (error) => complaints.push(String(error.error())));
  return context;
}

async function visit(name: string): Promise<Page> {
  const context = await newContext();
  const page = await context.newPage();
  const person = JSON.stringify({ key: randomUUID(), name });
  await page.addInitScript({ content: `Object.assign(sessionStorage, ${person})` });
  await page.goto(emulator.url);
  await page.locator('.people .me', { hasText: name }).waitFor();
  return page;
}

async function pin(page: Page, text: string): Promise<void> {
  await page.getByLabel('Note').fill(text);
  await page.keyboard.press('Enter');
}

const note = (page: Page, text: string): Locator => page.locator('.notes p', { hasText: text });

const notes = (page: Page): Promise<string[]> => page.locator('.notes p').allTextContents();
