/** What faults do at each point, on real sockets, with a clock that stands still. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import {
  startEmulator,
  type Emulator,
  type EmulatorOptions,
  type TimelineEntry,
} from 'yc-broadcast/emulator';
import { temporaryProject } from '../support/cli.js';

interface Event {
  readonly body?: string;
  readonly requestContext: Readonly<Record<string, unknown>>;
}

const running: Emulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
});

/** A gateway whose handler notes every event: its type, and the body of messages. */
async function start(faults: string, options: Partial<EmulatorOptions> = {}) {
  const notes: string[] = [];
  const messageIds: string[] = [];
  const handler = ({ body, requestContext }: Event): unknown => {
    notes.push(body ?? String(requestContext['eventType']));
    if (body !== undefined) messageIds.push(String(requestContext['messageId']));
    return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: body ?? '' };
  };
  const emulator = await startEmulator({ routes: { '/ws': handler }, clock: 'manual', faults, ...options });
  running.push(emulator);
  return { emulator, notes, messageIds };
}

const sends = (emulator: Emulator, id: string): Promise<number> =>
  fetch(`${emulator.endpoint}/apigateways/websocket/v1/connections/${id}:send`, {
    method: 'POST',
    headers: { authorization: 'Bearer x' },
    body: '{"data":"aGk=","type":"TEXT"}',
  }).then(
    ({ status }) => status,
    () => 0,
  );

const ofType = (emulator: Emulator, wanted: TimelineEntry['type']): readonly TimelineEntry[] =>
  emulator.timeline().filter(({ type }) => type === wanted);

describe('decisions', () => {
  async function statuses(options: Partial<EmulatorOptions>): Promise<readonly number[]> {
    const { emulator } = await start('send.status=503 send.rate=0.2', options);
    const { id } = await emulator.connect('/ws');
    const answers: number[] = [];
    for (let i = 0; i < 40; i++) answers.push(await sends(emulator, id));
    return answers;
  }

  it('strike the share that is asked for: of 1000 sends 200, give or take 40', async () => {
    const { emulator } = await start('send.status=503 send.rate=0.2');
    const { id } = await emulator.connect('/ws');
    let failed = 0;
    for (let batch = 0; batch < 20; batch++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => sends(emulator, id)));
      failed += answers.filter((status) => status === 503).length;
    }
    expect(failed).toBeGreaterThan(160);
    expect(failed).toBeLessThan(240);
  });

  it('are the same for the same seed, and others for another', async () => {
    const first = await statuses({ seed: 7 });
    expect(await statuses({ seed: 7 })).toEqual(first);
    expect(await statuses({ seed: 8 })).not.toEqual(first);
  });

  it('do not depend on what happens at other points', async () => {
    const { emulator } = await start('send.status=503 send.rate=0.5 message=drop message.rate=0.5', {
      seed: 7,
    });
    const client = await emulator.connect('/ws');
    const mixed: number[] = [];
    for (let i = 0; i < 30; i++) {
      client.send('x');
      mixed.push(await sends(emulator, client.id));
    }
    emulator.faults.reseed(7);
    const alone: number[] = [];
    for (let i = 0; i < 30; i++) alone.push(await sends(emulator, client.id));
    expect(alone).toEqual(mixed);
  });

  it('concern a path as it is asked for or as it is written, and no other', async () => {
    const handler = (): unknown => ({ statusCode: 200 });
    const routes = { '/a/{room}': handler, '/b': handler };
    const { emulator } = await start('send=503 send.path=/a/{room} connect=403 connect.path=/a/vip', {
      routes,
    });
    const [inRoom, elsewhere] = [await emulator.connect('/a/lobby'), await emulator.connect('/b')];
    expect(await sends(emulator, inRoom.id)).toBe(503);
    expect(await sends(emulator, elsewhere.id)).toBe(200);
    expect((await emulator.connect('/a/vip')).handshake.status).toBe(403);
  });

  it('are counted, and can be taken back', async () => {
    const { emulator } = await start('');
    const { id } = await emulator.connect('/ws');
    const [flaky, never] = [
      emulator.faults.add({ on: 'send', status: 503 }),
      emulator.faults.add({ on: 'send', status: 429 }),
    ];
    await sends(emulator, id);
    await sends(emulator, id);
    expect(emulator.faults.list()).toMatchObject([
      { id: flaky, text: 'send.status=503', strikes: 2 },
      { id: never, text: 'send.status=429', strikes: 0 },
    ]);
    expect(emulator.faults.remove(flaky)).toBe(true);
    expect(emulator.faults.remove(flaky)).toBe(false);
    expect(await sends(emulator, id)).toBe(429);
    emulator.faults.clear();
    expect(await sends(emulator, id)).toBe(200);
  });
});

describe('at a send', () => {
  it('gone cuts the socket, answers 404, and tells the function of the end', async () => {
    const { emulator, notes } = await start('send=gone send.times=1');
    const client = await emulator.connect('/ws');
    expect(await sends(emulator, client.id)).toBe(404);
    expect((await client.closed).code).toBe(1006);
    await emulator.idle();
    expect(notes).toEqual(['CONNECT', 'DISCONNECT']);
    expect(emulator.connections()).toEqual([]);
    expect(ofType(emulator, 'send')).toMatchObject([{ status: 404, fault: 'send.status=gone send.times=1' }]);
  });

  it('a lost answer is a message that arrives and a request that is cut off', async () => {
    const { emulator } = await start('send=answer-lost send.times=1');
    const client = await emulator.connect('/ws');
    expect(await sends(emulator, client.id)).toBe(0);
    expect(await client.next()).toBe('hi');
    expect(ofType(emulator, 'send')[0]).toMatchObject({ fault: 'send.status=answer-lost send.times=1' });
  });

  it('a delay holds the message up, until the clock has moved as far', async () => {
    const { emulator } = await start('send.delay=2s');
    const client = await emulator.connect('/ws');
    const answer = sends(emulator, client.id);
    while (ofType(emulator, 'send').length === 0) {
      expect(client.received()).toBe(0);
      await emulator.clock.advance('1s');
    }
    expect(await answer).toBe(200);
    expect(await client.next()).toBe('hi');
    expect(ofType(emulator, 'send')[0]).toMatchObject({ status: 200, fault: 'send.delay=2s' });
  });
});

describe('at a handshake', () => {
  it('a status refuses it before the function is asked', async () => {
    const { emulator, notes } = await start('connect=503 connect.times=1');
    expect((await emulator.connect('/ws')).handshake.status).toBe(503);
    expect(notes).toEqual([]);
    expect(ofType(emulator, 'connect')).toMatchObject([
      { status: 503, level: 'warning', fault: 'connect.status=503 connect.times=1' },
    ]);
    expect((await emulator.connect('/ws')).handshake.status).toBe(101);
  });

  it('a reset cuts it off', async () => {
    const { emulator, notes } = await start('connect=reset');
    await expect(emulator.connect('/ws')).rejects.toThrow();
    expect(notes).toEqual([]);
    expect(ofType(emulator, 'connect')).toMatchObject([{ fault: 'connect.status=reset' }]);
  });

  it('a delay lets it wait, and then it goes on', async () => {
    const { emulator, notes } = await start('connect.delay=3s');
    const connecting = emulator.connect('/ws');
    await emulator.clock.advance('2s');
    expect(notes).toEqual([]);
    await emulator.clock.advance('1s');
    expect((await connecting).handshake.status).toBe(101);
    expect(notes).toEqual(['CONNECT']);
    expect(ofType(emulator, 'connect')).toMatchObject([{ status: 200, fault: 'connect.delay=3s' }]);
  });
});

describe('at a message', () => {
  it('a duplicate reaches the function twice, under one id', async () => {
    const { emulator, notes, messageIds } = await start('message=duplicate message.times=1');
    const client = await emulator.connect('/ws');
    client.send('a');
    client.send('b');
    await emulator.idle();
    expect(notes).toEqual(['CONNECT', 'a', 'a', 'b']);
    expect(new Set(messageIds).size).toBe(2);
    expect(client.pending()).toEqual(['a', 'a', 'b']);
    expect(ofType(emulator, 'message').map(({ fault }) => fault)).toEqual([
      undefined,
      'message.effect=duplicate message.times=1',
      undefined,
    ]);
  });

  it('a drop reaches nobody', async () => {
    const { emulator, notes } = await start('message=drop message.times=1');
    const client = await emulator.connect('/ws');
    client.send('a');
    client.send('b');
    await emulator.idle();
    expect(notes).toEqual(['CONNECT', 'b']);
    expect(ofType(emulator, 'message')[0]).toMatchObject({
      bytes: 1,
      fault: 'message.effect=drop message.times=1',
    });
  });

  it('the next one overtakes it, though not in the order of ids', async () => {
    const { emulator, notes, messageIds } = await start('message=reorder');
    const client = await emulator.connect('/ws');
    for (const body of ['a', 'b', 'c', 'd']) client.send(body);
    await emulator.idle();
    expect(notes).toEqual(['CONNECT', 'b', 'a', 'd', 'c']);
    expect([...messageIds].sort()).toEqual([1, 0, 3, 2].map((i) => messageIds[i]));
  });

  it('one that nothing overtakes comes when its time is over, or the connection ends', async () => {
    const { emulator, notes } = await start('message=reorder message.delay=2s');
    const client = await emulator.connect('/ws');
    client.send('a');
    await emulator.clock.advance('1s');
    expect(notes).toEqual(['CONNECT']);
    await emulator.clock.advance('1s');
    expect(notes).toEqual(['CONNECT', 'a']);
    client.send('b');
    await emulator.idle();
    client.close();
    await client.closed;
    await emulator.idle();
    expect(notes).toEqual(['CONNECT', 'a', 'b', 'DISCONNECT']);
  });
});

describe('at a disconnect event', () => {
  async function leave(emulator: Emulator): Promise<void> {
    const client = await emulator.connect('/ws');
    client.close(4000, 'bye');
    await client.closed;
    await emulator.idle();
  }

  it('lost means that nobody is told', async () => {
    const { emulator, notes } = await start('disconnect=lost');
    await leave(emulator);
    await emulator.clock.advance('1h');
    expect(notes).toEqual(['CONNECT']);
    expect(ofType(emulator, 'disconnect')).toMatchObject([{ fault: 'disconnect.effect=lost' }]);
  });

  it('late means after a while, and so after the client has come back', async () => {
    const { emulator, notes } = await start('disconnect=late disconnect.delay=10s');
    await leave(emulator);
    await emulator.connect('/ws');
    await emulator.clock.advance('9s');
    expect(notes).toEqual(['CONNECT', 'CONNECT']);
    await emulator.clock.advance('1s');
    expect(notes).toEqual(['CONNECT', 'CONNECT', 'DISCONNECT']);
    expect(ofType(emulator, 'disconnect')).toMatchObject([
      { fault: 'disconnect.effect=late disconnect.delay=10s' },
    ]);
  });

  it('a duplicate comes twice', async () => {
    const { emulator, notes } = await start('disconnect=duplicate');
    await leave(emulator);
    expect(notes).toEqual(['CONNECT', 'DISCONNECT', 'DISCONNECT']);
  });

  it('early means while the connect call is under way, and the client never gets its socket', async () => {
    const notes: string[] = [];
    let proceed: () => void = () => undefined;
    const handler = async ({ requestContext }: Event): Promise<unknown> => {
      const type = String(requestContext['eventType']);
      if (type === 'CONNECT') await new Promise<void>((resolve) => (proceed = resolve));
      notes.push(`${type} stored`);
      if (type === 'DISCONNECT') proceed();
      return { statusCode: 200 };
    };
    const { emulator } = await start('disconnect=early', { routes: { '/ws': handler } });
    await expect(emulator.connect('/ws')).rejects.toThrow();
    expect(notes).toEqual(['DISCONNECT stored', 'CONNECT stored']);
    expect(emulator.connections()).toEqual([]);
    expect(ofType(emulator, 'disconnect')).toMatchObject([{ fault: 'disconnect.effect=early' }]);
  });
});

describe('at a call', () => {
  it('a killed instance answers 502, and nobody gets a reply', async () => {
    const { emulator } = await start('');
    const client = await emulator.connect('/ws');
    emulator.faults.addText('instance=kill instance.times=1');
    client.send('a');
    client.send('b');
    await emulator.idle();
    expect(client.pending()).toEqual(['b']);
    expect(ofType(emulator, 'message')).toContainEqual(
      expect.objectContaining({
        status: 502,
        level: 'error',
        fault: 'instance.effect=kill instance.times=1',
      }),
    );
    expect(emulator.connections()).toEqual([client.id]);
  });

  it('it dies after its time, in the middle of what it does', async () => {
    const notes: string[] = [];
    const handler = async ({ requestContext }: Event): Promise<unknown> => {
      notes.push(String(requestContext['eventType']));
      await new Promise(() => undefined);
      return { statusCode: 200 };
    };
    const { emulator } = await start('instance=kill instance.delay=20ms', {
      routes: { '/ws': handler },
      clock: 'system',
    });
    expect((await emulator.connect('/ws')).handshake.status).toBe(502);
    expect(notes).toEqual(['CONNECT']);
  });
});

describe('at a call of a function in instances', () => {
  it('the instance dies with all its calls, and another takes its place', async () => {
    const { path, remove } = temporaryProject({
      'ws.mjs': `export const handler = async ({ body }) => {
        if (body === 'wait') await new Promise(() => setInterval(() => undefined, 1000));
        return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body };
      };`,
    });
    const source = { entry: join(path, 'ws.mjs'), instances: 1, concurrency: 2 };
    const { emulator } = await start('', { routes: { '/ws': source }, clock: 'system' });
    const client = await emulator.connect('/ws');
    client.send('wait');
    while (emulator.instances.list()[0]?.underWay !== 1)
      await new Promise((resolve) => setImmediate(resolve));
    emulator.faults.addText('instance=kill instance.delay=30ms instance.times=1');
    client.send('wait');
    await emulator.idle();
    expect(ofType(emulator, 'message')).toMatchObject([
      { status: 502, fault: undefined },
      { status: 502, fault: 'instance.effect=kill instance.delay=30ms instance.times=1' },
    ]);
    expect(ofType(emulator, 'exit')).toMatchObject([{ level: 'warning' }]);
    client.send('again');
    expect(await client.next()).toBe('again');
    remove();
  });
});

describe('at the management API', () => {
  it('an expired token is refused with 401, whatever is asked', async () => {
    const { emulator } = await start('token=expired token.times=2');
    const client = await emulator.connect('/ws');
    const get = (): Promise<Response> =>
      fetch(`${emulator.endpoint}/apigateways/websocket/v1/connections/${client.id}`, {
        headers: { authorization: 'Bearer x' },
      });
    expect([(await get()).status, await sends(emulator, client.id), (await get()).status]).toEqual([
      401, 401, 200,
    ]);
    expect(client.received()).toBe(0);
    expect(ofType(emulator, 'send')).toMatchObject([
      { status: 401, fault: 'token.effect=expired token.times=2' },
    ]);
  });
});
