/** Spans and metrics: who stands under whom, what is counted, and what is not told. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ClientFacingError,
  createApp,
  createBroadcaster,
  defineContract,
  type ConnectionStore,
} from 'yc-broadcast';
import { hashId, openTelemetry, type OpenTelemetryOptions } from 'yc-broadcast/opentelemetry';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { connectEvent, disconnectEvent, functionContext, messageEvent } from '../support/events.js';
import { scriptedTransport, type Script } from '../support/scripted-transport.js';
import { startTelemetry, type Telemetry } from '../support/telemetry.js';

const contract = defineContract({
  client: { say: z.object({ text: z.string() }), fail: z.object({}), full: z.object({}) },
  server: { said: z.object({ text: z.string() }) },
});

let telemetry: Telemetry;
beforeAll(() => {
  telemetry = startTelemetry();
});
afterAll(() => telemetry.shutdown());
beforeEach(() => {
  telemetry.reset();
});

interface WorldOptions {
  readonly script?: Script;
  readonly observe?: OpenTelemetryOptions;
  readonly store?: ConnectionStore;
}

/** An app in the room `lobby`, whose people are `u-<id>`. */
function startApp({ script, observe = {}, store = memoryStore() }: WorldOptions = {}) {
  const { tracerProvider, meterProvider } = telemetry;
  const app = createApp({
    contract,
    store,
    transport: scriptedTransport(script),
    origins: 'any',
    authenticate: ({ connectionId }) => ({ user: `u-${connectionId}` }),
    broadcast: { minDelayMs: 0, maxDelayMs: 0 },
    onError: () => undefined,
    observe: [openTelemetry({ tracerProvider, meterProvider, ...observe })],
  });
  app.onConnect(({ join }) => join('lobby'));
  app.on('say', async ({ data, to }) => {
    await to('lobby').send('said', data);
  });
  app.on('fail', () => Promise.reject(new Error('broken')));
  app.on('full', () => Promise.reject(new ClientFacingError('ROOM_FULL', 'no')));
  return app;
}

async function connect(app: ReturnType<typeof startApp>, ...ids: string[]): Promise<void> {
  for (const connectionId of ids)
    await app.handler(connectEvent({ connectionId, connectedAt: Date.now() }), functionContext());
}

function named(name: string): readonly ReadableSpan[] {
  return telemetry.spans().filter((span) => span.name === name);
}

function say(connectionId: string, requestId: string, text = 'hi') {
  return [
    messageEvent({ type: 'say', data: { text } }, { connectionId }),
    functionContext({ requestId }),
  ] as const;
}

describe('spans', () => {
  it('tell to whom a broadcast went, and never the name', async () => {
    const app = startApp();
    await connect(app, 'a');
    telemetry.reset();
    const { broadcaster } = app;
    await broadcaster.toUser('u-a').sendRaw('hi');
    await broadcaster.toConnection('a').sendRaw('hi');
    await broadcaster.toAll().sendRaw('hi');
    const hash = (text: string): string => hashId('d4efunction', text);
    const spans = telemetry.spans().filter(({ name }) => name.startsWith('broadcast'));
    const whose = ['user.hash', 'yc_broadcast.connection.hash'];
    expect(spans.map(({ name, attributes }) => [name, ...whose.map((key) => attributes[key])])).toEqual([
      ['broadcast user {user}', hash('u-a'), undefined],
      ['broadcast connection {connection}', undefined, hash('a')],
      ['broadcast all', undefined, undefined],
    ]);
  });

  it('stand one under another: call, broadcast, attempt, and operations of the store under who asks', async () => {
    const app = startApp({ observe: { sendSpans: 'all' } });
    await connect(app, 'a', 'b');
    telemetry.reset();
    await app.handler(...say('a', 'r7'));
    const paths = telemetry.spans().map((span) => telemetry.path(span).join(' < '));
    const call = 'message /ws/{room}';
    expect(paths).toEqual([
      `get < ${call}`,
      `list < broadcast room {room} < ${call}`,
      `send < broadcast room {room} < ${call}`,
      `send < broadcast room {room} < ${call}`,
      `broadcast room {room} < ${call}`,
      call,
    ]);
    const [invocation] = named(call);
    expect(invocation).toMatchObject({ kind: SpanKind.SERVER, status: { code: SpanStatusCode.UNSET } });
    expect(invocation?.attributes).toEqual({
      'faas.trigger': 'other',
      'yc_broadcast.event': 'message',
      'yc_broadcast.message.type': 'say',
      'http.route': '/ws/{room}',
      'faas.coldstart': false,
      'faas.invocation.id': 'r7',
      'faas.name': 'd4efunction',
      'faas.version': 'd4eversion',
      'yc_broadcast.connection.hash': hashId('d4efunction', 'a'),
      'user.hash': hashId('d4efunction', 'u-a'),
      'yc_broadcast.outcome': 'ok',
    });
    expect(named('broadcast room {room}')[0]?.attributes).toMatchObject({
      'messaging.system.name': 'yc_apigateway_websocket',
      'messaging.batch.message_count': 2,
      'yc_broadcast.delivered': 2,
      'yc_broadcast.room.hash': hashId('d4efunction', 'lobby'),
      'yc_broadcast.stopped_by': 'done',
    });
    expect(named('list')[0]?.attributes).toEqual({
      'db.system.name': 'memory',
      'db.operation.name': 'list',
      'db.response.returned_rows': 2,
    });
  });

  it('keep calls apart that run at the same time, each with its own broadcast and sends', async () => {
    const waiting: (() => void)[] = [];
    const script: Script = () =>
      new Promise((resolve) => {
        waiting.push(() => {
          resolve('ok');
        });
        if (waiting.length === 6)
          waiting.toReversed().forEach((release) => {
            release();
          });
      });
    const app = startApp({ script, observe: { sendSpans: 'all' } });
    await connect(app, 'a', 'b');
    telemetry.reset();
    await Promise.all([
      app.handler(...say('a', 'r1')),
      app.handler(...say('b', 'r2')),
      app.handler(...say('a', 'r3')),
    ]);
    const calls = named('message /ws/{room}');
    expect(new Set(calls.map((span) => span.spanContext().traceId)).size).toBe(3);
    for (const call of calls) {
      const { traceId } = call.spanContext();
      const own = telemetry.spans().filter((span) => span.spanContext().traceId === traceId);
      expect(own.map(({ name }) => name).sort()).toEqual(
        ['broadcast room {room}', 'get', 'list', 'message /ws/{room}', 'send', 'send'].sort(),
      );
      for (const send of own.filter(({ name }) => name === 'send'))
        expect(telemetry.path(send)).toHaveLength(3);
    }
  });

  it.each([
    ['all', 6],
    ['failed', 4],
    ['none', 0],
  ] as const)(
    'with sendSpans %s show the attempts that were asked for, each retry among them',
    async (sendSpans, count) => {
      // a: delivered at once. b: the third attempt succeeds. c: fails for good, without a retry. d: stale.
      const script: Script = (id, attempt) => {
        if (id === 'b' && attempt < 3) return 'GATEWAY_UNAVAILABLE';
        if (id === 'c') return 'FORBIDDEN';
        return id === 'd' ? 'CONNECTION_STALE' : 'ok';
      };
      const app = startApp({ script, observe: { sendSpans } });
      await connect(app, 'a', 'b', 'c', 'd');
      telemetry.reset();
      await app.handler(...say('a', 'r1'));
      const sends = named('send');
      expect(sends).toHaveLength(count);
      if (sendSpans === 'none') return;
      const ofB = sends.filter(
        (span) => span.attributes['yc_broadcast.connection.hash'] === hashId('d4efunction', 'b'),
      );
      expect(
        ofB.map(({ attributes }) => [attributes['yc_broadcast.attempt'], attributes['error.type']]),
      ).toEqual([
        [1, 'GATEWAY_UNAVAILABLE'],
        [2, 'GATEWAY_UNAVAILABLE'],
        [3, undefined],
      ]);
      expect(ofB.map(({ status }) => status.code)).toEqual([
        SpanStatusCode.ERROR,
        SpanStatusCode.ERROR,
        SpanStatusCode.UNSET,
      ]);
      expect(ofB.every((span) => telemetry.path(span)[1] === 'broadcast room {room}')).toBe(true);
    },
  );

  it('are no more than maxSendSpans for the sends of one broadcast, however large', async () => {
    const app = startApp({ script: () => 'FORBIDDEN', observe: { maxSendSpans: 5 } });
    await connect(app, ...Array.from({ length: 40 }, (_, n) => `c${n}`));
    telemetry.reset();
    await app.handler(...say('c0', 'r1'));
    await app.handler(...say('c1', 'r2'));
    expect(named('send')).toHaveLength(10);
    expect(named('broadcast room {room}').map(({ attributes }) => attributes['yc_broadcast.failed'])).toEqual(
      [40, 40],
    );
  });

  it('tell a refusal from an error, by code', async () => {
    const app = startApp();
    await connect(app, 'a');
    telemetry.reset();
    for (const type of ['fail', 'full', 'nothing-like-it'])
      await app.handler(messageEvent({ type, data: {} }, { connectionId: 'a' }), functionContext());
    await app.handler(disconnectEvent({ connectionId: 'a', code: 1006 }), functionContext());
    const ends = named('message /ws/{room}').map(({ attributes, status }) => [
      attributes['yc_broadcast.message.type'],
      attributes['yc_broadcast.outcome'],
      attributes['error.type'],
      status.code,
    ]);
    expect(ends).toEqual([
      ['fail', 'error', 'INTERNAL', SpanStatusCode.ERROR],
      ['full', 'refused', 'ROOM_FULL', SpanStatusCode.UNSET],
      [undefined, 'refused', 'UNKNOWN_TYPE', SpanStatusCode.UNSET],
    ]);
    expect(named('disconnect /ws/{room}')[0]?.attributes['yc_broadcast.close_code']).toBe(1006);
  });

  it('show a store in trouble, and the call that suffers from it', async () => {
    const inner = memoryStore();
    const store = { ...inner, remove: () => Promise.reject(new Error('no disk')) };
    const app = startApp({ store });
    await app.handler(disconnectEvent({ connectionId: 'a' }), functionContext());
    const [remove] = named('remove');
    expect(remove?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(remove?.events).toEqual([]);
    expect(telemetry.path(remove as ReadableSpan)).toEqual(['remove', 'disconnect /ws/{room}']);
    expect(named('disconnect /ws/{room}')[0]?.attributes['error.type']).toBe('UNKNOWN');
  });

  it('stand around a broadcast from outside, and around one that is refused', async () => {
    const { tracerProvider, meterProvider } = telemetry;
    const observe = [openTelemetry({ tracerProvider, meterProvider, hashKey: 'k' })];
    const store = { ...memoryStore(), list: () => Promise.reject(new Error('gone')) };
    const broadcaster = createBroadcaster({ store, transport: scriptedTransport(), observe });
    await expect(broadcaster.toUser('anna').sendRaw('hi')).rejects.toThrow();
    const [span] = named('broadcast user {user}');
    expect(span?.attributes).toMatchObject({ 'error.type': 'UNKNOWN', 'user.hash': hashId('k', 'anna') });
  });
});

describe('metrics', () => {
  it('count calls, broadcasts, attempts and operations of the store', async () => {
    const script: Script = (id, attempt) => {
      if (id === 'b' && attempt === 1) return 'RATE_LIMITED';
      return id === 'c' ? 'CONNECTION_STALE' : 'ok';
    };
    const world = startTelemetry();
    const { tracerProvider, meterProvider } = world;
    const app = createApp({
      contract,
      store: memoryStore(),
      transport: scriptedTransport(script),
      origins: 'any',
      broadcast: { minDelayMs: 0, maxDelayMs: 0 },
      onError: () => undefined,
      observe: [openTelemetry({ tracerProvider, meterProvider })],
    });
    app.onConnect(({ join }) => join('lobby'));
    app.on('say', async ({ data, to }) => {
      await to('lobby').send('said', data);
    });
    app.on('fail', () => Promise.reject(new Error('broken')));
    for (const connectionId of ['a', 'b', 'c'])
      await app.handler(connectEvent({ connectionId, connectedAt: Date.now() }), functionContext());
    await app.handler(...say('a', 'r1', 'hello'));
    await app.handler(messageEvent({ type: 'fail', data: {} }, { connectionId: 'a' }), functionContext());

    const points = await world.points();
    const values = (name: string): unknown[] =>
      (points.get(name) ?? []).map(({ attributes, value }) => [
        Object.values(attributes).join(' '),
        typeof value === 'number' ? value : value.count,
      ]);
    expect(values('faas.invocations')).toEqual([
      ['other connect', 3],
      ['other message', 1],
    ]);
    expect(values('faas.errors')).toEqual([['other message INTERNAL', 1]]);
    expect(values('faas.coldstarts')).toEqual([['other connect', 1]]);
    expect(values('faas.invoke_duration')).toEqual([
      ['other connect ok', 3],
      ['other message say ok', 1],
      ['other message fail error INTERNAL', 1],
    ]);
    expect(values('messaging.client.sent.messages')).toEqual([
      ['yc_apigateway_websocket send send room {room}', 2],
      ['yc_apigateway_websocket send send room {room} CONNECTION_STALE', 1],
    ]);
    expect(values('yc_broadcast.broadcast.retries')).toEqual([['room {room}', 1]]);
    expect(values('yc_broadcast.broadcast.duration')).toEqual([['room {room} done', 1]]);
    expect(values('messaging.client.operation.duration')).toEqual([
      ['yc_apigateway_websocket send send', 2],
      ['yc_apigateway_websocket send send RATE_LIMITED', 1],
      ['yc_apigateway_websocket send send CONNECTION_STALE', 1],
    ]);
    expect(values('db.client.operation.duration')).toContainEqual(['memory list', 1]);
    const [bytes] = points.get('yc_broadcast.broadcast.io') ?? [];
    expect(bytes?.value).toBeGreaterThan(2 * 'hello'.length);
    await world.shutdown();
    telemetry = startTelemetry();
  });
});

describe('flushing', () => {
  it('happens before the answer leaves, not at every call, and costs no more than it may', async () => {
    let flushes = 0;
    const app = startApp({
      observe: {
        flush: async () => {
          flushes++;
        },
        flushEveryMs: 60_000,
      },
    });
    await connect(app, 'a', 'b');
    expect(flushes).toBe(1);

    const stuck = startApp({
      observe: { flush: () => new Promise(() => undefined), flushTimeoutMs: 20, flushEveryMs: 0 },
    });
    const failing = startApp({ observe: { flush: () => Promise.reject(new Error('no collector')) } });
    for (const app of [stuck, failing])
      expect(await app.handler(connectEvent({ connectedAt: Date.now() }), functionContext())).toMatchObject({
        statusCode: 200,
      });
  });
});

describe('openTelemetry()', () => {
  it('refuses options that it does not know', () => {
    expect(() => openTelemetry({ sendSpan: 'all' } as never)).toThrow(/INVALID_OPTIONS: openTelemetry/);
    expect(() => openTelemetry({ sendSpans: 'some' } as never)).toThrow(/openTelemetry\.sendSpans/);
  });

  it('lets everything else of a store through: what is not observed, private fields, what comes later', async () => {
    class Closing {
      #closed = 0;
      readonly name = 'own';
      close(): Promise<void> {
        this.#closed++;
        return Promise.resolve();
      }
      get closed(): number {
        return this.#closed;
      }
    }
    const store = Object.freeze(Object.assign(new Closing(), { ...memoryStore(), name: 'own' }));
    const broadcaster = createBroadcaster({
      store,
      transport: scriptedTransport(),
      observe: [openTelemetry()],
    });
    await broadcaster.store.close?.();
    expect(store.closed).toBe(1);
    expect(Object.keys(broadcaster.store)).toEqual(Object.keys(store));
    expect(broadcaster.store.history).toBe(broadcaster.store.history);
    expect(await broadcaster.store.history?.read('r', { limit: 1 })).toMatchObject({ recovered: true });
    expect('put' in broadcaster.store).toBe(true);
  });
});
