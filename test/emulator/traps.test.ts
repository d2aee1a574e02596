/** Traps that no other file holds, and the table of all of them in docs/local-gateway.md. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';

interface Event {
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: Readonly<Record<string, unknown>>;
}

let emulator: Emulator | undefined;

afterEach(async () => {
  await emulator?.stop();
  emulator = undefined;
});

async function start(answer: unknown = { statusCode: 200 }) {
  const events: Event[] = [];
  emulator = await startEmulator({
    routes: {
      '/ws': (event: Event) => {
        events.push(event);
        return event.requestContext['eventType'] === 'MESSAGE' ? answer : { statusCode: 200 };
      },
    },
    clock: 'manual',
    allowedHosts: ['.apigw.yandexcloud.net'],
  });
  return { emulator, events };
}

describe('the gateway', () => {
  it('passes on the host that the client asked for', async () => {
    const { emulator, events } = await start();
    await emulator.connect('/ws');
    await emulator.connect('/ws', { headers: { host: 'd5d.abcd1234.apigw.yandexcloud.net' } });
    expect(events.map(({ headers }) => headers['Host'])).toEqual([
      `127.0.0.1:${emulator.port}`,
      'd5d.abcd1234.apigw.yandexcloud.net',
    ]);
  });

  it('warns of a reply that is a Blob in a browser', async () => {
    const { emulator } = await start({ statusCode: 200, body: 'hi' });
    const client = await emulator.connect('/ws');
    client.send('x');
    expect(await client.next()).toEqual(Buffer.from('hi'));
    expect(emulator.timeline({ type: 'message' })).toMatchObject([
      { level: 'warning', reason: expect.stringContaining('a Blob in a browser') },
    ]);
  });

  it.each([
    ['application/json; charset=utf-8', Buffer.from('hi'), 'warning'],
    ['application/octet-stream', Buffer.from('hi'), 'info'],
    ['text/plain; charset=utf-8', 'hi', 'info'],
  ])('takes a reply of the type %s for what the platform takes it', async (type, received, level) => {
    const { emulator } = await start({
      statusCode: 200,
      multiValueHeaders: { 'Content-Type': [type] },
      body: 'hi',
    });
    const client = await emulator.connect('/ws');
    client.send('x');
    expect(await client.next()).toEqual(received);
    expect(emulator.timeline({ type: 'message' })).toMatchObject([{ level }]);
  });

  it('sends no reply that is larger than a message, and says so', async () => {
    const headers = { 'Content-Type': 'text/plain' };
    const answer = { statusCode: 200, headers, body: 'x'.repeat(131_072) };
    const { emulator } = await start(answer);
    const client = await emulator.connect('/ws');
    client.send('x');
    expect(String(await client.next())).toHaveLength(131_072);
    answer.body += 'x';
    client.send('x');
    await emulator.idle();
    expect(emulator.timeline({ type: 'message' })[1]).toMatchObject({
      level: 'warning',
      reason: 'a reply of 131073 bytes, and a message has at most 131072; nothing was sent',
    });
    expect(emulator.connections()).toHaveLength(1);
  });

  it('closes with the code that belongs to the cause', async () => {
    const { emulator } = await start();
    const [large, removed, idle] = [
      await emulator.connect('/ws'),
      await emulator.connect('/ws'),
      await emulator.connect('/ws'),
    ];
    large.send('x'.repeat(32_769));
    await fetch(`${emulator.endpoint}/apigateways/websocket/v1/connections/${removed.id}`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer x' },
    });
    const codes = [(await large.closed).code, (await removed.closed).code];
    await emulator.clock.advance('10m1s');
    expect([...codes, (await idle.closed).code]).toEqual([1009, 1000, 1001]);
  });

  it('agrees on no compression', async () => {
    const { emulator } = await start();
    const { handshake } = await emulator.connect('/ws');
    expect(handshake.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('keeps the Authorization header from functions, and says so once', async () => {
    const { emulator, events } = await start();
    const headers = { authorization: 'Bearer secret', 'x-other': 'kept' };
    const client = await emulator.connect('/ws', { headers });
    client.send('x');
    await emulator.connect('/ws', { headers });
    await emulator.idle();
    expect(events).toHaveLength(3);
    for (const event of events) {
      expect(event.headers['X-Other']).toBe('kept');
      expect(JSON.stringify(event)).not.toContain('secret');
    }
    expect(emulator.timeline({ type: 'notice' })).toHaveLength(1);
    expect(JSON.stringify(emulator.timeline())).not.toContain('secret');
  });
});

describe('the table of traps in the documentation', () => {
  const read = (path: string): string =>
    readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
  const rows = [...read('docs/local-gateway.md').matchAll(/^\| (T\d+) .*\| ([^|]+?) *\|$/gm)];

  it('has all 34, in order', () => {
    expect(rows.map(([, name]) => name)).toEqual(Array.from({ length: 34 }, (_, i) => `T${i + 1}`));
  });

  it.each(rows.map(([, name = '', heldBy = '']) => [name, heldBy]))(
    '%s is held by a test that there is: %s',
    (_name, heldBy) => {
      if (heldBy === 'not emulated') return;
      const [, file = '', title = ''] = /^`([a-z/-]+)`: (.+)$/.exec(heldBy) ?? [];
      expect(read(`test/${file}.test.ts`)).toContain(`('${title}'`);
    },
  );
});
