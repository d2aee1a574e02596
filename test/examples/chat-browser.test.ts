/** The page of the chat example in headless Chromium. Screenshots go to `test/artefacts`, to be looked at. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Emulator } from 'yc-broadcast/emulator';
import { launchChromium } from '../support/browser.js';
import { enter, startChat } from '../support/chat.js';
import { makeOdd } from '../support/odd-browser.js';
import { dropSockets } from '../support/drop-sockets.js';
import { requireProgram } from '../support/servers.js';
import { until } from '../support/until.js';

const executablePath = requireProgram('chromium', 'apt-get install chromium');
const withChromium = executablePath === undefined ? describe.skip : describe;

const DESKTOP = { viewport: { width: 1100, height: 740 }, locale: 'en-GB' };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, locale: 'en-GB' };
const PATIENCE_MS = 15_000;
jest.setTimeout(90_000); // A browser on a machine that is busy with other tests is slow.

let emulator: Emulator;
let browser: Browser;
/** What the gateway answers instead of the handler, to make trouble. */
let trouble: (event: GatewayEvent) => unknown = noTrouble;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

interface GatewayEvent {
  readonly body?: string;
  readonly requestContext: { readonly eventType: string };
}

withChromium('the chat page', () => {
  beforeAll(async () => {
    emulator = await startChat({}, (event) => trouble(event as GatewayEvent));
    browser = await launchChromium(String(executablePath));
  });

  afterEach(async () => {
    trouble = noTrouble;
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
    await emulator.stop();
  });

  it('lets two people talk, and says what became of each message', async () => {
    const room = newRoom('tea');
    const [anna, boris] = [await visit('Anna', room), await visit('Boris', room)];
    await say(anna, 'Hi Boris!');
    await messageOf(boris, 'Hi Boris!').waitFor();
    await receiptOf(anna, 'Hi Boris!').filter({ hasText: 'Delivered to 1 of 1' }).waitFor();
    await say(boris, 'Hi Anna, how are you?');
    await say(boris, 'Did you sleep well?');
    await messageOf(anna, 'Did you sleep well?').waitFor();

    expect(await messageOf(anna, 'Hi Boris!').getAttribute('class')).toContain('own');
    const heads = boris.locator('.message:not(.own) .head:not(.unseen) .name');
    expect(await heads.allTextContents()).toEqual(['Anna']);
    expect(await anna.locator('.message:not(.own) .head:not(.unseen)').count()).toBe(1);
    await keep(anna, 'chat-desktop');
  });

  it('tells the only one in a room that nobody heard it', async () => {
    const anna = await visit('Anna', newRoom('empty'));
    expect(await anna.locator('#empty').isVisible()).toBe(true);
    await keep(anna, 'chat-empty');
    await say(anna, 'Anybody?');
    await receiptOf(anna, 'Anybody?').filter({ hasText: 'Nobody else is here' }).waitFor();
    expect(await anna.locator('#empty').isVisible()).toBe(false);
  });

  it('shows who comes, is renamed and leaves', async () => {
    const room = newRoom();
    const anna = await visit('Anna', room);
    const boris = await visit('Boris', room);
    await anna.locator('.note', { hasText: 'Boris came in' }).waitFor();
    await rename(boris, 'Bob');
    await anna.locator('.note', { hasText: 'Boris is now Bob' }).waitFor();
    expect(await peopleIn(anna)).toEqual(['Anna', 'Bob']);

    await boris.close();
    await anna.locator('.note', { hasText: 'Bob left' }).waitFor();
    expect(await peopleIn(anna)).toEqual(['Anna']);
    expect(await anna.textContent('#room-count')).toBe('Only you');
  });

  it('makes no fuss about somebody who only reloads', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris', room)];
    await boris.reload();
    await boris.locator('#people li', { hasText: 'Boris' }).waitFor();
    await say(boris, 'back');
    await messageOf(anna, 'back').waitFor();
    expect(await anna.locator('.note').allTextContents()).toEqual(['Boris came in']);
  });

  it('takes a second tab for the same person under the same name, for another under another', async () => {
    const room = newRoom();
    const watcher = await visit('Watcher', room);
    const context = await newContext(DESKTOP);
    const first = await visit('Anna', room, {}, context);
    const second = await openPage(context, room);
    expect(await second.inputValue('#name')).toBe('Anna');
    await second.keyboard.press('Enter');
    await second.locator('#people li', { hasText: 'you' }).waitFor();
    await watcher.locator('#people li', { hasText: 'Anna' }).waitFor();
    expect(await peopleIn(watcher)).toEqual(['Anna', 'Watcher']);
    await say(second, 'from the second tab');
    await messageOf(first, 'from the second tab').waitFor();
    expect(await messageOf(first, 'from the second tab').getAttribute('class')).toContain('own');

    await rename(second, 'Anya');
    await first.locator('#my-name', { hasText: 'Anya' }).waitFor();

    await visit('Boris', room, {}, context);
    await watcher.locator('#people li', { hasText: 'Boris' }).waitFor();
    expect(await peopleIn(watcher)).toEqual(['Anya', 'Boris', 'Watcher']);

    await second.close();
    await say(first, 'still here');
    await messageOf(watcher, 'still here').waitFor();
    expect(await peopleIn(watcher)).toEqual(['Anya', 'Boris', 'Watcher']);
  });

  it('keeps hostile text, names and rooms what they are: text', async () => {
    const room = newRoom();
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const name = '<b onclick=alert(1)>x</b>';
    const [anna, mallory] = [await visit('Anna', room), await visit(name, room)];
    await say(mallory, hostile);
    await messageOf(anna, hostile).waitFor();
    expect(await messageOf(anna, hostile).locator('.bubble').textContent()).toBe(hostile);
    expect(await peopleIn(anna)).toEqual([name, 'Anna']);
    expect(await anna.locator('img, #log script, b').count()).toBe(0);
    await anna.goto(`${emulator.url}/#${encodeURIComponent('<img src=x onerror=alert(1)>')}`);
    await anna.waitForURL(/#lobby$/);
    expect(await anna.locator('img').count()).toBe(0);
  });

  it('makes links of addresses, and of nothing else', async () => {
    const anna = await visit('Anna', newRoom());
    await say(anna, 'see (https://a.example/x?y=1), or javascript:alert(1)');
    const links = anna.locator('.bubble a');
    expect(await links.count()).toBe(1);
    expect(await links.getAttribute('href')).toBe('https://a.example/x?y=1');
    expect(await links.getAttribute('rel')).toContain('noopener');
  });

  it('counts what nobody looked at, in other rooms', async () => {
    const [room, otherRoom] = [newRoom(), newRoom()];
    const anna = await visit('Anna', room);
    await anna.fill('#room-name', `  #${otherRoom.toUpperCase()} `);
    await anna.keyboard.press('Enter');
    await anna.locator('#room-title', { hasText: otherRoom }).waitFor();
    const boris = await visit('Boris', room);
    await say(boris, 'one');
    await say(boris, 'two');
    await anna.locator('.rooms li', { hasText: room }).locator('.badge', { hasText: '2' }).waitFor();
    expect(await anna.title()).toBe(`(2) #${otherRoom} · Chat`);

    await anna.locator('.rooms a', { hasText: room }).click();
    await messageOf(anna, 'two').waitFor();
    expect(await anna.locator('.log > *').allTextContents()).toContain('New');
    expect(await anna.title()).toBe(`#${room} · Chat`);

    await anna.locator('.rooms li', { hasText: room }).locator('.leave').click();
    await anna.waitForURL(/#lobby$/);
    await boris.locator('.note', { hasText: 'Anna left' }).waitFor();
  });

  it('counts what nobody looked at, while its tab is hidden', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris', room)];
    await say(boris, 'you are looking');
    await messageOf(anna, 'you are looking').waitFor();
    expect(await anna.title()).toBe(`#${room} · Chat`);
    await anna.evaluate(hide, true);
    await say(boris, 'you are not');
    await messageOf(anna, 'you are not').waitFor();
    expect(await anna.title()).toBe(`(1) #${room} · Chat`);
    await anna.evaluate(hide, false);
    expect(await anna.title()).toBe(`#${room} · Chat`);
    expect(await anna.locator('.line + .message').textContent()).toContain('you are not');
  });

  it('sends with Enter, not with Shift and Enter, and nothing that cannot be seen', async () => {
    const anna = await visit('Anna', newRoom());
    await anna.keyboard.type('   ');
    await anna.keyboard.press('Enter');
    expect(await anna.locator('#send').isDisabled()).toBe(true);
    await anna.keyboard.type('two');
    await anna.keyboard.press('Shift+Enter');
    await anna.keyboard.type('lines');
    await anna.keyboard.press('Enter');
    await anna.locator('.message').waitFor();
    expect(await anna.locator('.bubble').allTextContents()).toEqual(['two\nlines']);
    expect(await anna.inputValue('#message')).toBe('');
  });

  it('comes back by itself after the gateway dropped the socket', async () => {
    const room = newRoom();
    const boris = await visit('Boris', room);
    const stay = emulator.connections();
    const anna = await visit('Anna', room);
    await drop(emulator.connections().filter((id) => !stay.includes(id)));
    await say(anna, 'after the drop');
    await messageOf(boris, 'after the drop').waitFor();
    await receiptOf(anna, 'after the drop').filter({ hasText: 'Delivered to 1 of 1' }).waitFor();
    expect(await anna.locator('.banner').isVisible()).toBe(false);
  });

  it('misses nothing while its socket is gone, and has it once and in order', async () => {
    const room = newRoom('train');
    const boris = await visit('Boris', room);
    const stay = emulator.connections();
    const anna = await visit('Anna', room);
    await say(anna, 'before the tunnel');
    await messageOf(boris, 'before the tunnel').waitFor();
    trouble = ({ requestContext }) =>
      requestContext.eventType === 'CONNECT' ? { statusCode: 503 } : undefined;
    await dropSockets(
      emulator,
      emulator.connections().filter((id) => !stay.includes(id)),
    );
    await anna.locator('.banner', { hasText: 'Connection lost' }).waitFor();
    await say(anna, 'written in the tunnel');
    for (const words of ['first', 'second', 'third']) {
      await say(boris, words);
      await receiptOf(boris, words).filter({ hasText: 'Nobody else is here' }).waitFor();
    }
    trouble = noTrouble;
    await hurry(anna);
    await messageOf(boris, 'written in the tunnel').waitFor();
    await receiptOf(anna, 'written in the tunnel').filter({ hasText: 'Delivered to 1 of 1' }).waitFor();
    await say(boris, 'welcome back');
    await messageOf(anna, 'welcome back').waitFor();
    // Everybody has the same, in the same order, whoever said it and however late it went out.
    const all = ['before the tunnel', 'first', 'second', 'third', 'written in the tunnel', 'welcome back'];
    for (const page of [anna, boris]) expect(await bubblesOf(page)).toEqual(all);
    await keep(anna, 'chat-recovered');
  });

  it('changes its connection before the hour is over, and nobody notices', async () => {
    const room = newRoom();
    const boris = await visit('Boris', room);
    const context = await newContext(DESKTOP);
    await context.clock.install();
    const anna = await visit('Anna', room, {}, context);
    const before = emulator.connections();
    await context.clock.fastForward('58:00');
    await until(() => emulator.connections().some((id) => !before.includes(id)));
    for (const words of ['one', 'two', 'three']) await say(boris, words);
    await messageOf(anna, 'three').waitFor();
    await say(anna, 'four');
    await messageOf(boris, 'four').waitFor();
    for (const page of [anna, boris]) expect(await bubblesOf(page)).toEqual(['one', 'two', 'three', 'four']);
    expect(await anna.locator('.banner').isVisible()).toBe(false);
    expect(await boris.locator('.note').allTextContents()).toEqual(['Anna came in']);
  });

  it('shows the last messages of a room to who comes later, and to who reloads', async () => {
    const room = newRoom();
    const anna = await visit('Anna', room);
    for (const words of ['one', 'two']) await say(anna, words);
    await receiptOf(anna, 'two').filter({ hasText: 'Nobody else is here' }).waitFor();
    const boris = await visit('Boris', room);
    await messageOf(boris, 'two').waitFor();
    await say(boris, 'three');
    await messageOf(anna, 'three').waitFor();
    expect(await bubblesOf(boris)).toEqual(['one', 'two', 'three']);
    expect(await boris.title()).toBe(`#${room} · Chat`);
    await anna.reload();
    await messageOf(anna, 'three').waitFor();
    expect(await bubblesOf(anna)).toEqual(['one', 'two', 'three']);
    expect(await anna.locator('.message.own').count()).toBe(2);
  });

  it('says so when more was said meanwhile than is kept, and shows the last of it', async () => {
    const room = newRoom();
    const anna = await visit('Anna', room);
    await say(anna, 'before');
    const speaker = await enter(emulator, 'Boris');
    await speaker.ask('join', { room });
    trouble = ({ requestContext }) =>
      requestContext.eventType === 'CONNECT' ? { statusCode: 503 } : undefined;
    await dropSockets(
      emulator,
      emulator.connections().filter((id) => id !== speaker.client.id),
    );
    for (let n = 1; n <= 201; n++) await speaker.ask('say', { room, text: `message ${n}` });
    trouble = noTrouble;
    await hurry(anna);
    await anna.locator('.note', { hasText: 'are missing here' }).waitFor();
    await messageOf(anna, 'message 201').waitFor();
    const bubbles = await bubblesOf(anna);
    expect([bubbles[0], bubbles[1], bubbles.length]).toEqual(['before', 'message 172', 31]);
    speaker.client.close();
  });

  it('connects anew when the server has forgotten it, and sends again what was refused for that', async () => {
    const anna = await visit('Anna', newRoom());
    const before = emulator.connections();
    trouble = ({ body }) =>
      body?.includes('"say"') === true
        ? ((trouble = noTrouble), refusal(body, 'CONNECTION_STALE'))
        : undefined;
    await say(anna, 'hello?');
    await receiptOf(anna, 'hello?').filter({ hasText: 'Nobody else is here' }).waitFor();
    expect(emulator.connections()).not.toEqual(before);
  });

  it('says a word to the gateway after nine silent minutes, which would close a silent connection', async () => {
    const context = await newContext(DESKTOP);
    await context.clock.install();
    const anna = await visit('Anna', newRoom(), {}, context);
    const pinged = new Promise<void>((resolve) => {
      trouble = ({ body }) => {
        if (body?.includes('"$ping"') === true) resolve();
      };
    });
    await context.clock.fastForward('09:00');
    await pinged;
    await say(anna, 'still connected');
    await receiptOf(anna, 'still connected').filter({ hasText: 'Nobody else is here' }).waitFor();
  });

  it('says when it is cut off, keeps what is written, and sends it when it is back', async () => {
    const context = await newContext(DESKTOP);
    await context.clock.install();
    const anna = await visit('Anna', newRoom(), {}, context);
    trouble = ({ requestContext }) =>
      requestContext.eventType === 'CONNECT' ? { statusCode: 503 } : undefined;
    await drop(emulator.connections());
    await anna.locator('.banner', { hasText: 'Connection lost' }).waitFor();
    await say(anna, 'written in the tunnel');
    await receiptOf(anna, 'written in the tunnel').filter({ hasText: 'Waits for the connection' }).waitFor();
    await keep(anna, 'chat-offline');

    // With its clock stopped, the page does not try by itself before the button is pressed.
    await context.clock.pauseAt(Date.now() + 60_000);
    await anna.locator('#try-now:enabled').waitFor();
    trouble = noTrouble;
    await anna.click('#try-now');
    await receiptOf(anna, 'written in the tunnel').filter({ hasText: 'Nobody else is here' }).waitFor();
    expect(await anna.locator('.banner').isVisible()).toBe(false);
  });

  it('says when a message was not taken, and tries again when asked to', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris', room)];
    trouble = ({ body }) => (body?.includes('"say"') === true ? refusal(body) : undefined);
    await say(anna, 'mind the gap');
    await receiptOf(anna, 'mind the gap').filter({ hasText: 'Not sent' }).waitFor();
    await keep(anna, 'chat-failed');

    trouble = noTrouble;
    await anna.getByRole('button', { name: 'Try again' }).click();
    await receiptOf(anna, 'mind the gap').filter({ hasText: 'Delivered to 1 of 1' }).waitFor();
    await messageOf(boris, 'mind the gap').waitFor();
    expect(await boris.locator('.message').count()).toBe(1);
  });

  it('shows a message once that was sent twice because its answer was lost', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await enter(emulator, 'Boris')];
    await boris.ask('join', { room });
    for (let times = 0; times < 2; times++) await boris.ask('say', { room, text: 'twice' }, 'same-id');
    await boris.ask('say', { room, text: 'once' });
    await messageOf(anna, 'once').waitFor();
    expect(await anna.locator('.bubble').allTextContents()).toEqual(['twice', 'once']);
    boris.client.close();
  });

  it('follows the system in being light or dark, until it is told otherwise', async () => {
    const room = newRoom('night');
    const context = await newContext({ ...DESKTOP, colorScheme: 'dark' });
    const [anna, boris] = [await visit('Anna', room, {}, context), await visit('Boris', room)];
    await say(anna, 'Good night');
    await messageOf(boris, 'Good night').waitFor();
    await say(boris, 'Sleep well');
    await messageOf(anna, 'Sleep well').waitFor();
    expect([await brightnessOf(anna), await brightnessOf(boris)]).toEqual(['dark', 'light']);
    await keep(anna, 'chat-dark');

    await anna.click('#theme');
    expect(await brightnessOf(anna)).toBe('light');
    await anna.reload();
    expect(await brightnessOf(anna)).toBe('light');
    await anna.click('#theme');
    await anna.emulateMedia({ colorScheme: 'light' });
    expect(await brightnessOf(anna)).toBe('light');
  });

  it('fits a phone', async () => {
    const room = newRoom('walk');
    const [anna, boris] = [await visit('Anna', room, PHONE), await visit('Boris', room)];
    await say(boris, `A long one: ${'Donaudampfschifffahrtsgesellschaft'.repeat(4)}`);
    await say(boris, 'https://a.example/path/that/is/really/rather/long/and/cannot/be/broken/anywhere');
    await anna.tap('#message');
    await anna.keyboard.type('first line');
    await anna.keyboard.press('Enter');
    await anna.keyboard.type('second line');
    await anna.tap('#send');
    await messageOf(boris, 'second line').waitFor();
    expect(await anna.evaluate(widthThatSticksOut)).toBe(0);
    expect(await anna.locator('#send').boundingBox()).toMatchObject({ width: 40, height: 40 });
    await keep(anna, 'chat-phone');

    expect(await anna.locator('#people').isVisible()).toBe(false);
    await anna.tap('#menu');
    await anna.locator('#people li', { hasText: 'Boris' }).waitFor();
    await keep(anna, 'chat-phone-menu');
    await anna.locator('.rooms a', { hasText: 'ideas' }).tap();
    await anna.locator('#room-title', { hasText: '#ideas' }).waitFor();
    expect(await anna.locator('#people').isVisible()).toBe(false);
  });

  it('speaks Russian to a Russian browser', async () => {
    const room = newRoom();
    const [anna, boris] = [
      await visit('Анна', room, { ...DESKTOP, locale: 'ru-RU' }),
      await visit('Boris', room),
    ];
    await say(anna, 'Привет');
    await messageOf(boris, 'Привет').waitFor();
    await receiptOf(anna, 'Привет').filter({ hasText: 'Доставлено: 1 из 1' }).waitFor();
    expect(await anna.textContent('#room-count')).toBe('2 человека');
    expect(await anna.getAttribute('html', 'lang')).toBe('ru');
    await anna.locator('.note', { hasText: 'Boris теперь здесь' }).waitFor();
    const words = await anna.locator('[data-text]').allTextContents();
    expect(words.filter((word) => !/[а-яё]/i.test(word))).toEqual([]);
    const [english, russian] = await anna.evaluate<string[][]>(keysOfTheDictionaries);
    expect(russian).toEqual(english);
  });

  it('gives the picture of the README, small enough for it', async () => {
    const place = { locale: 'en-GB', timezoneId: 'Europe/Moscow' };
    const anna = await visitAs({ name: 'Anna', key: 'picture-of-Anna-0' }, 'lobby', {
      ...place,
      viewport: { width: 820, height: 640 },
    });
    const boris = await visitAs({ name: 'Boris', key: 'picture-of-Boris-1' }, 'lobby', {
      ...PHONE,
      ...place,
      viewport: { width: 300, height: 640 },
    });
    const lines: [Page, string][] = [
      [anna, 'The kettle is on. Are you coming over?'],
      [boris, 'Ten minutes! Do we need anything?'],
      [anna, 'Lemons, if the shop is still open.'],
      [anna, 'And bring the chessboard.'],
      [boris, 'Lemons and a chessboard. Should I be worried?'],
      [anna, 'Only about your bishop.'],
    ];
    for (const [page, text] of lines) {
      await say(page, text);
      await receiptOf(page, text).filter({ hasText: 'Delivered to 1 of 1' }).waitFor();
    }
    await messageOf(boris, 'bishop').waitFor();
    const shots = await Promise.all([anna, boris].map((page) => page.screenshot()));
    await compose(shots.map((shot) => `data:image/png;base64,${shot.toString('base64')}`));
    expect((await readFile(artefact('chat'))).byteLength).toBeLessThan(180 * 1024);
  });

  it.each(['C', ''])(
    'works in a browser whose language is "%s", without storage, and without TLS',
    async (language) => {
      const room = newRoom('odd');
      const context = await newContext(DESKTOP);
      await makeOdd(context, language);
      const [anna, boris] = [await visit('Anna', room, {}, context), await visit('Boris', room)];
      await say(anna, 'Hi from afar');
      await messageOf(boris, 'Hi from afar').waitFor();
      await say(boris, 'Hi Anna');
      await messageOf(anna, 'Hi Anna').waitFor();
      await anna.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      expect(await anna.locator('#copy-link').isVisible()).toBe(false);
      await anna.click('#theme');
    },
  );

  it('can be used without a mouse, and says what everything is', async () => {
    const anna = await visit('Anna', newRoom());
    const nameless = await anna.evaluate(controlsWithoutName);
    expect(nameless).toEqual([]);
    await anna.keyboard.press('Shift+Tab');
    const reached = [];
    for (let steps = 0; steps < 12; steps++) {
      reached.push(await anna.evaluate(focusedControl));
      await anna.keyboard.press('Shift+Tab');
    }
    expect(reached).toEqual(
      expect.arrayContaining(['scroller', 'copy-link', 'change-name', 'room-name', 'theme']),
    );
  });
});

function noTrouble(): undefined {
  return undefined;
}

function newRoom(name = 'room'): string {
  return `${name}-${randomUUID().slice(0, 4)}`;
}

async function newContext(options: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    // The browser itself reports handshakes that the tests have the gateway refuse.
    const isExpected = message.text().startsWith('WebSocket connection to');
    if (message.type() === 'error' && !isExpected) complaints.push(message.text());
  });
  contexts.push(context);
  return context;
}

async function openPage(context: BrowserContext, room: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${emulator.url}/#${room}`);
  return page;
}

/** Opens the page in a browser of its own, and enters. */
async function visit(
  name: string,
  room: string,
  options: BrowserContextOptions = {},
  context?: BrowserContext,
): Promise<Page> {
  const page = await openPage(context ?? (await newContext({ ...DESKTOP, ...options })), room);
  await page.fill('#name', name);
  await page.keyboard.press('Enter');
  await page.locator('#people li', { hasText: name }).waitFor({ state: 'attached' });
  return page;
}

/** Enters as a person that the tab knows already. */
async function visitAs(
  person: { readonly name: string; readonly key: string },
  room: string,
  options: BrowserContextOptions,
): Promise<Page> {
  const context = await newContext(options);
  const known = JSON.stringify(JSON.stringify(person));
  // The blank page before it has no storage.
  await context.addInitScript(
    `if (location.protocol !== 'about:') sessionStorage.setItem('chat.person', ${known})`,
  );
  const page = await openPage(context, room);
  await page.locator('#people li', { hasText: person.name }).waitFor({ state: 'attached' });
  return page;
}

async function rename(page: Page, name: string): Promise<void> {
  await page.click('#change-name');
  await page.fill('#name', name);
  await page.keyboard.press('Enter');
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill('#message', text);
  await page.click('#send');
  await messageOf(page, text).waitFor();
}

const messageOf = (page: Page, text: string) => page.locator('.message', { hasText: text });
const receiptOf = (page: Page, text: string) => messageOf(page, text).locator('.receipt');

async function peopleIn(page: Page): Promise<string[]> {
  return (await page.locator('#people .person-name').allTextContents()).sort();
}

function artefact(name: string): string {
  return fileURLToPath(new URL(`../artefacts/${name}.png`, import.meta.url));
}

async function keep(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: artefact(name) });
}

/** Two windows on a table: the picture of the README, to be copied to `docs/images/chat.png`. */
async function compose(images: readonly string[]): Promise<void> {
  const context = await newContext({ viewport: { width: 1220, height: 716 } });
  const page = await context.newPage();
  await page.setContent(`<style>
    body { margin: 0; height: 100vh; display: flex; gap: 28px; align-items: center; justify-content: center; background: #d5ddd3 }
    img { border-radius: 14px; box-shadow: 0 14px 40px #2a3a3030, 0 0 0 1px #2a3a3018 }
    img + img { border-radius: 26px }
  </style>${images.map((image) => `<img src="${image}">`).join('')}`);
  await page.screenshot({ path: artefact('chat') });
}

/** Tries to connect at once, unless the page has done so by itself. */
const hurry = (page: Page): Promise<unknown> => page.evaluate("window.dispatchEvent(new Event('online'))");

const bubblesOf = (page: Page): Promise<string[]> => page.locator('.bubble').allTextContents();

/** Closes sockets, as an operator of the gateway would. */
async function drop(ids: readonly string[]): Promise<void> {
  const base = `${emulator.endpoint}/apigateways/websocket/v1/connections`;
  for (const id of ids) {
    await fetch(`${base}/${id}`, { method: 'DELETE', headers: { authorization: 'Bearer x' } });
  }
}

function refusal(body: string, code = 'INTERNAL'): unknown {
  const { id } = JSON.parse(body) as { id: string };
  const error = { code, message: 'the server failed to handle this' };
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: 'error', replyTo: id, error }),
  };
}

async function brightnessOf(page: Page): Promise<'light' | 'dark'> {
  const colour = await page.evaluate('getComputedStyle(document.querySelector("main")).backgroundColor');
  const [red = 0] = String(colour).match(/\d+/g)?.map(Number) ?? [];
  return red < 128 ? 'dark' : 'light';
}

/** Runs in the page: a headless browser never hides a tab by itself. */
function hide(isHidden: boolean): void {
  const page = Reflect.get(globalThis, 'document') as EventTarget;
  Object.defineProperty(page, 'hidden', { value: isHidden, configurable: true });
  page.dispatchEvent(new Event('visibilitychange'));
}

// What runs in the page is text: these files know no DOM.
const widthThatSticksOut =
  'Math.max(document.documentElement.scrollWidth, document.querySelector("#scroller").scrollWidth) - innerWidth';
const focusedControl = 'document.activeElement.id';
const controlsWithoutName = `[...document.querySelectorAll('button, a, input, textarea')]
  .filter((control) => control.checkVisibility())
  .filter((control) => !(control.getAttribute('aria-label') || control.labels?.length || control.textContent.trim()))
  .map((control) => control.outerHTML)`;
const keysOfTheDictionaries =
  'import("/text.js").then(({ languages: { en, ru } }) => [Object.keys(en), Object.keys(ru)])';
