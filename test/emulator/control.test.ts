/** What the inspector and the command line may ask of a gateway, and who may not. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { startEmulator, type Emulator, type EmulatorOptions } from 'yc-broadcast/emulator';
import { messageQueue } from 'yc-broadcast/queue/client';

const emulators: Emulator[] = [];

afterEach(async () => {
  await Promise.all(emulators.splice(0).map((emulator) => emulator.stop()));
});

interface SocketEvent {
  readonly body?: string;
  readonly requestContext: { readonly eventType: string; readonly connectionId: string };
}

async function start(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const echo = ({ body, requestContext }: SocketEvent) => ({
    statusCode: 200,
    headers: { 'Content-Type': 'text/plain' },
    body: requestContext.eventType === 'MESSAGE' ? `got ${body ?? ''}` : undefined,
  });
  const emulator = await startEmulator({ routes: { '/ws': echo, '/rooms/{room}': echo }, ...options });
  emulators.push(emulator);
  return emulator;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(emulator: Emulator, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${emulator.url}/_yc-broadcast/api/${path}`, {
    method,
    headers: { 'X-Yc-Broadcast-Token': emulator.inspector.token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** `fetch` does not let anybody lie about the host. */
function askRaw(emulator: Emulator, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port: emulator.port, host: '127.0.0.1', path: `/_yc-broadcast/${path}`, headers };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('the control API refuses', () => {
  it.each<[string, (emulator: Emulator) => Record<string, string>, number]>([
    ['nobody who knows the token', ({ inspector }) => ({ 'X-Yc-Broadcast-Token': inspector.token }), 200],
    ['whoever has no token', () => ({}), 401],
    [
      'a token of another start',
      ({ inspector }) => ({ 'X-Yc-Broadcast-Token': inspector.token.replace(/.$/, '!') }),
      401,
    ],
    ['a token in a cookie', ({ inspector }) => ({ Cookie: `X-Yc-Broadcast-Token=${inspector.token}` }), 401],
    [
      'a page of another site',
      ({ inspector }) => ({ 'X-Yc-Broadcast-Token': inspector.token, Origin: 'https://evil.example' }),
      403,
    ],
    [
      'a page of another port of this machine',
      ({ inspector }) => ({ 'X-Yc-Broadcast-Token': inspector.token, Origin: 'http://127.0.0.1:3000' }),
      403,
    ],
    [
      'a page without an origin of its own',
      ({ inspector }) => ({ 'X-Yc-Broadcast-Token': inspector.token, Origin: 'null' }),
      403,
    ],
    [
      'a name that somebody has pointed at this machine',
      ({ inspector, port }) => ({ 'X-Yc-Broadcast-Token': inspector.token, Host: `rebound.example:${port}` }),
      403,
    ],
    [
      'nobody at localhost',
      ({ inspector, port }) => ({
        'X-Yc-Broadcast-Token': inspector.token,
        Host: `localhost:${port}`,
        Origin: `http://localhost:${port}`,
      }),
      200,
    ],
  ])('%s', async (_who, headersFor, status) => {
    const emulator = await start();
    expect(await askRaw(emulator, 'api/status', headersFor(emulator))).toBe(status);
  });

  it('to show its page under a foreign name, and lets no page frame it', async () => {
    const emulator = await start();
    expect(await askRaw(emulator, '', { Host: 'rebound.example' })).toBe(403);
    const page = await fetch(`${emulator.url}/_yc-broadcast/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(await page.text()).not.toContain(emulator.inspector.token);
  });

  it('what it does not know, naming what it takes', async () => {
    const emulator = await start();
    expect(await ask(emulator, 'GET', 'nothing')).toEqual({
      status: 404,
      body: { error: 'the control API has nothing at nothing' },
    });
    expect((await ask(emulator, 'DELETE', 'send')).body).toEqual({ error: 'send takes POST' });
    expect((await ask(emulator, 'POST', 'send', { to: 'all', data: 'x', frame: 'blob' })).status).toBe(400);
    expect((await ask(emulator, 'POST', 'close', { to: 'all', code: 1006 })).body).toEqual({
      error: 'close.code: expected 1000 to 1003, 1007 to 1014 or 3000 to 4999',
    });
    expect((await ask(emulator, 'POST', 'send', { to: 'all', data: 'x'.repeat(131_073) })).body).toEqual({
      error: 'send.data: expected 1 to 131072 bytes, got 131073',
    });
  });
});

describe('connections', () => {
  it('are listed in pages, found by a part of id or path, and shown one by one', async () => {
    const emulator = await start({ clock: 'manual' });
    for (let i = 0; i < 5; i++)
      await emulator.connect(i < 2 ? '/rooms/tea' : '/ws', { headers: { 'User-Agent': 'test' } });
    await emulator.clock.advance('1m');
    const page = await ask(emulator, 'GET', 'connections?limit=2&offset=4&sort=oldest');
    expect(page.body).toMatchObject({
      total: 5,
      connections: [{ path: '/ws', received: 0, closesBy: 'idle' }],
    });
    // The slash is in no id, where 'tea' can be by chance.
    const rooms = await ask(emulator, 'GET', 'connections?search=S/TEA');
    expect(rooms.body).toMatchObject({ total: 2 });
    const [id = ''] = emulator.connections();
    expect((await ask(emulator, 'GET', `connections/${id}`)).body).toMatchObject({
      id,
      template: '/rooms/{room}',
      pathParameters: { room: 'tea' },
      userAgent: 'test',
      closesAt: emulator.clock.now() + 9 * 60_000,
    });
    expect((await ask(emulator, 'GET', 'connections/unknown')).status).toBe(404);
  });

  it('get frames by hand: one, by the end of its id, those of a path, or all', async () => {
    const emulator = await start();
    const [tea, ws] = [await emulator.connect('/rooms/tea'), await emulator.connect('/ws')];
    const send = (to: string, data: string, more = {}) =>
      ask(emulator, 'POST', 'send', { to, data, ...more });
    expect((await send(tea.id.slice(-6), 'one')).body).toEqual({ connections: 1 });
    expect((await send('path:/rooms/{room}', 'path')).body).toEqual({ connections: 1 });
    expect((await send('all', 'AP8=', { encoding: 'base64', frame: 'binary' })).body).toEqual({
      connections: 2,
    });
    expect((await send('path:/nowhere', 'x')).body).toEqual({ connections: 0 });
    expect((await send('d00000', 'x')).status).toBe(404);
    expect([await tea.next(), await tea.next(), await tea.next()]).toEqual([
      'one',
      'path',
      Buffer.from([0, 255]),
    ]);
    expect(await ws.next()).toEqual(Buffer.from([0, 255]));
    expect([...tea.pending(), ...ws.pending()]).toEqual([]);
  });

  it('can be spoken for: the function answers as if the client had sent it', async () => {
    const emulator = await start();
    const client = await emulator.connect('/ws');
    await ask(emulator, 'POST', 'send', { to: client.id, data: 'hello', as: 'client' });
    expect(await client.next()).toBe('got hello');
  });

  it('are closed with a code, or cut off without a close frame', async () => {
    const emulator = await start();
    const [polite, rude] = [await emulator.connect('/ws'), await emulator.connect('/ws')];
    await ask(emulator, 'POST', 'close', { to: polite.id, code: 4001 });
    expect(await polite.closed).toEqual({ code: 4001, reason: '' });
    await ask(emulator, 'POST', 'drop', { to: rude.id });
    expect(await rude.closed).toEqual({ code: 1006, reason: '' });
    await emulator.idle();
    const codes = emulator.timeline().filter(({ type }) => type === 'close');
    expect(codes.map(({ status, reason }) => [status, reason])).toEqual([
      [4001, 'by hand'],
      [1006, 'by hand'],
    ]);
    expect(emulator.connections()).toEqual([]);
  });
});

describe('the queues', () => {
  it('are listed with what is in them and who reads them', async () => {
    const emulator = await start({
      queues: { jobs: { redrive: { to: 'dead', maxReceives: 1 } }, dead: {} },
      triggers: [{ queue: 'jobs', function: () => Promise.reject(new Error('no')) }],
    });
    const queue = messageQueue(emulator.queue('jobs').access);
    await queue.send([{ body: 'a' }, { body: 'b', delaySeconds: 9 }]);
    queue.close();
    await emulator.idle();
    expect((await ask(emulator, 'GET', 'queues')).body).toEqual({
      queues: [
        { name: 'jobs', trigger: 'function', visible: 0, inFlight: 1, delayed: 1 },
        { name: 'dead', visible: 0, inFlight: 0, delayed: 0 },
      ],
    });
    expect((await ask(emulator, 'GET', 'status')).body).toMatchObject({ queues: 2 });
    expect((await ask(emulator, 'GET', 'timeline?filter=queue:jo*')).body).toMatchObject({
      entries: [
        { type: 'queue', messages: 2, bytes: 2 },
        { type: 'trigger', messages: 1, status: 502, level: 'error' },
      ],
    });
  });
});

describe('the timeline', () => {
  it('is read from where one stopped, filtered, and says what it leaves out', async () => {
    const emulator = await start();
    const client = await emulator.connect('/ws');
    const first = (await ask(emulator, 'GET', 'timeline')).body as { latest: number; entries: object[] };
    expect(first.entries).toMatchObject([{ number: 1, type: 'connect', status: 200 }]);
    client.send('a');
    client.send('b');
    await emulator.idle();
    const path = `timeline?after=${first.latest}&filter=type:message`;
    expect((await ask(emulator, 'GET', path)).body).toMatchObject({
      latest: 3,
      leftOut: 0,
      entries: [{}, {}],
    });
    expect((await ask(emulator, 'GET', `${path}&limit=1`)).body).toMatchObject({
      leftOut: 1,
      entries: [{ number: 3 }],
    });
    expect((await ask(emulator, 'GET', 'timeline?filter=colour:red')).body).toEqual({
      error:
        "filter: there is no key 'colour', only type, status, code, ms, conn, path, queue, fault, via, level",
    });
  });

  it.each<[string, number]>([
    ['', 4],
    ['type:connect', 2],
    ['type:connect,message', 3],
    ['-type:connect', 2],
    ['status:>=400', 1],
    ['status:200', 2],
    ['code:1006', 1],
    ['code:200', 0],
    ['path:/w*', 3],
    ['level:warning', 1],
    ['via:rest', 0],
    ['client', 1],
    ['type:connect status:404', 1],
    ['ms:<100000', 2],
  ])('answers the filter %j', async (filter, count) => {
    const emulator = await start({ routes: { '/ws': { handler: () => ({ statusCode: 200 }) } } });
    const client = await emulator.connect('/ws');
    await emulator.connect('/nowhere');
    client.send('a');
    await emulator.idle();
    client.destroy();
    await client.closed;
    await emulator.idle();
    const { body } = await ask(
      emulator,
      'GET',
      `timeline?filter=${encodeURIComponent(`${filter} -type:disconnect`)}`,
    );
    expect((body as { entries: object[] }).entries).toHaveLength(count);
  });
});

describe('invoke', () => {
  it('calls a function without a socket, and shows event and answer', async () => {
    const emulator = await start();
    const invoke = (order: object) => ask(emulator, 'POST', 'invoke', order);
    expect((await invoke({ operation: 'message', data: 'hi' })).body).toMatchObject({
      status: 200,
      response: { statusCode: 200, body: 'got hi', frame: 'text' },
    });
    const printed = await invoke({ operation: 'connect', path: '/rooms/tea', print: true });
    expect(printed.body).toMatchObject({
      event: {
        path: '/rooms/tea',
        pathParameters: { room: 'tea' },
        requestContext: { eventType: 'CONNECT' },
      },
    });
    const { event } = (await invoke({ operation: 'message', data: 'x', print: true })).body as {
      event: object;
    };
    expect((await invoke({ operation: 'message', event })).body).toMatchObject({
      response: { body: 'got x' },
    });
    expect(emulator.timeline().map(({ type, via }) => [type, via])).toEqual([
      ['message', 'inspector'],
      ['message', 'inspector'],
    ]);
    expect((await invoke({ operation: 'message', path: '/nowhere' })).body).toEqual({
      error: 'invoke.path: no WebSocket at /nowhere; there is /ws, /rooms/{room}',
    });
  });

  it('takes the handshake of an open connection', async () => {
    const emulator = await start();
    const { id } = await emulator.connect('/rooms/tea', { headers: { 'User-Agent': 'test' } });
    const { body } = await ask(emulator, 'POST', 'invoke', {
      operation: 'message',
      connection: id,
      print: true,
    });
    expect(body).toMatchObject({
      event: { requestContext: { connectionId: id, identity: { userAgent: 'test' } } },
    });
  });
});

describe('the clock', () => {
  it('is moved where it is manual, and only there', async () => {
    const manual = await start({ clock: 'manual' });
    const before = manual.clock.now();
    expect((await ask(manual, 'POST', 'clock', { advance: '90s' })).body).toEqual({ now: before + 90_000 });
    const { status, body } = await ask(await start(), 'POST', 'clock', { advance: '90s' });
    expect([status, body]).toEqual([
      409,
      { error: "the clock is the machine's clock, which cannot be moved" },
    ]);
  });
});
