/** What stands around the work of apps and broadcasters: who is told, in which order, of what. */
import { describe, expect, it } from '@jest/globals';
import { createApp, createBroadcaster, defineContract, type Observer } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { connectEvent, disconnectEvent, functionContext, messageEvent } from '../support/events.js';
import { scriptedTransport } from '../support/scripted-transport.js';

const contract = defineContract({
  client: { say: z.object({ text: z.string() }) },
  server: { said: z.object({ text: z.string() }) },
});

/** Writes down what it is told, and when that ends. */
function scribe(name: string, lines: string[]): Observer {
  return {
    parts({ store, transport }) {
      lines.push(`${name}: parts ${store.name} ${transport.name}`);
      return { store: { ...store, name: `${store.name}, ${name}` }, transport };
    },
    async invocation({ event, context, contract: types }, next) {
      lines.push(
        `${name}: ${event.kind} ${context.requestId ?? ''} ${Object.keys(types?.client ?? {}).join()}`,
      );
      try {
        return await next();
      } finally {
        lines.push(`${name}: end of ${event.kind}`);
      }
    },
    async broadcast({ audience, context }, next) {
      lines.push(`${name}: broadcast ${JSON.stringify(audience)} ${context?.requestId ?? 'outside'}`);
      const report = await next();
      lines.push(`${name}: ${report.kind === 'sent' ? report.delivered : 'none'} delivered`);
      return report;
    },
  };
}

describe('observers', () => {
  it('stand around stores, invocations of any kind and broadcasts, the first one outermost', async () => {
    const lines: string[] = [];
    const observe = [scribe('a', lines), scribe('b', lines)];
    const parts = { contract, store: memoryStore(), transport: scriptedTransport(), observe };
    const app = createApp({ ...parts, origins: 'any' });
    app.use(async (_call, next) => {
      lines.push('middleware');
      return next();
    });
    app.on('say', async ({ data, toAll }) => {
      await toAll().send('said', data);
    });
    app.onOtherEvent(() => undefined);
    expect(app.broadcaster.store.name).toBe('memory, b, a');
    await app.handler(connectEvent({ connectedAt: Date.now() }), functionContext({ requestId: 'r1' }));
    await app.handler(
      messageEvent({ type: 'say', data: { text: 'hi' } }),
      functionContext({ requestId: 'r2' }),
    );
    await app.handler({ messages: [] }, functionContext({ requestId: 'r3' }));
    expect(lines).toEqual([
      'b: parts memory scripted',
      'a: parts memory, b scripted',
      'a: connect r1 say',
      'b: connect r1 say',
      'middleware',
      'b: end of connect',
      'a: end of connect',
      'a: message r2 say',
      'b: message r2 say',
      'middleware',
      'a: broadcast {"all":true} r2',
      'b: broadcast {"all":true} r2',
      'b: 1 delivered',
      'a: 1 delivered',
      'b: end of message',
      'a: end of message',
      'a: other r3 say',
      'b: other r3 say',
      'b: end of other',
      'a: end of other',
    ]);
  });

  it('see how an invocation fails: a disconnect that the store refuses, an event that nobody handles', async () => {
    const seen: unknown[] = [];
    const observer: Observer = {
      invocation: (_call, next) =>
        next().catch((reason: unknown) => {
          seen.push(reason);
          throw reason;
        }),
    };
    const store = { ...memoryStore(), remove: () => Promise.reject(new Error('no disk')) };
    const options = {
      store,
      transport: scriptedTransport(),
      origins: 'any',
      onError: () => undefined,
    } as const;
    const app = createApp({ ...options, observe: [observer] });
    expect(await app.handler(disconnectEvent())).toEqual({ statusCode: 200 });
    const timer = {
      messages: [{ event_metadata: { event_type: 'yandex.cloud.events.serverless.triggers.TimerMessage' } }],
    };
    await expect(app.handler(timer)).rejects.toThrow('INVALID_EVENT');
    expect(seen.map(String)).toEqual(['Error: no disk', expect.stringContaining('INVALID_EVENT')]);
  });

  it('stand around broadcasts from outside a function, too, and those that are refused', async () => {
    const lines: string[] = [];
    const broadcaster = createBroadcaster({
      store: memoryStore(),
      transport: scriptedTransport(),
      observe: [scribe('a', lines)],
    });
    await broadcaster.to('news').sendRaw('hello');
    await expect(broadcaster.toUser('anna').sendRaw('')).resolves.toMatchObject({ recipients: 0 });
    expect(lines.slice(1)).toEqual([
      'a: broadcast {"room":"news"} outside',
      'a: 0 delivered',
      'a: broadcast {"user":"anna"} outside',
      'a: 0 delivered',
    ]);
  });

  it('refuses something else than a list of observers', () => {
    const wrong = { store: memoryStore(), origins: 'any', observe: 'logs' } as never;
    expect(() => createApp(wrong)).toThrow(/INVALID_OPTIONS: createApp\.observe: /);
  });
});
