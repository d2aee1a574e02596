/**
 * What else calls an app in the test kit: HTTP requests, timers, queues, with the events that parseEvent
 * knows.
 */
import { describe, expect, it } from '@jest/globals';
import { createApp, defineContract, type OtherEventHook, type Contract } from 'yc-broadcast';
import { queueFanout, type MessageQueue } from 'yc-broadcast/queue';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { createTestKit } from 'yc-broadcast/testing';
import * as z from 'zod/mini';

const contract = defineContract({ client: {}, server: { said: z.object({ text: z.string() }) } });

function kitWith(hook: OtherEventHook<Contract> | undefined) {
  return createTestKit(({ transport }) => {
    const app = createApp({ store: memoryStore(), transport, origins: 'any' });
    return hook === undefined ? app : app.onOtherEvent(hook);
  });
}

describe('request', () => {
  it("brings an HTTP event to the app's handler, and its answer back", async () => {
    const events: unknown[] = [];
    const kit = kitWith(({ event }) => {
      events.push(event);
      return { statusCode: 202, headers: { 'Content-Type': 'text/plain' }, body: 'taken' };
    });
    const answer = await kit.request('/hooks/7?room=news&room=all', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-key': 'k' },
      body: '{"title":"Hi"}',
      template: '/hooks/{id}',
    });
    expect(answer).toEqual({ status: 202, headers: { 'content-type': 'text/plain' }, body: 'taken' });
    expect(events).toMatchObject([
      {
        kind: 'other',
        type: 'http',
        raw: {
          httpMethod: 'POST',
          path: '/hooks/7',
          resource: '/hooks/{id}',
          pathParameters: { id: '7' },
          headers: { 'Content-Type': 'application/json', 'X-Key': 'k' },
          multiValueQueryStringParameters: { room: ['news', 'all'] },
          body: '{"title":"Hi"}',
          isBase64Encoded: false,
        },
      },
    ]);
  });

  it('brings it in the payload format that is asked for', async () => {
    const raws: unknown[] = [];
    const kit = kitWith(({ event }) => {
      raws.push(event.raw);
    });
    await kit.request('/hook', { payloadFormat: '2.0', body: 'text' });
    expect(raws).toMatchObject([
      {
        version: '2.0',
        rawPath: '/hook',
        body: Buffer.from('text').toString('base64'),
        isBase64Encoded: true,
      },
    ]);
  });

  it('says with which status the app refuses', async () => {
    const posing = { 'X-Yc-Apigateway-Websocket-Event-Type': 'CONNECT' };
    expect(await kitWith(undefined).request('/hook', { headers: posing })).toMatchObject({ status: 404 });
  });

  it('rejects with what the handler threw, and for a template of another path', async () => {
    const kit = kitWith(() => {
      throw new Error('out of ideas');
    });
    await expect(kit.request('/hook')).rejects.toThrow(
      /the handler failed on a request: Error: out of ideas/,
    );
    await expect(kit.request('/hook', { template: '/other' })).rejects.toThrow(/request\.template/);
  });
});

describe('trigger', () => {
  it("brings a timer and a queue's messages to the app's handler", async () => {
    const events: unknown[] = [];
    const kit = kitWith(({ event }) => void events.push(event));
    await kit.trigger.timer('hourly');
    await kit.trigger.queue(['one', 'two']);
    expect(events).toMatchObject([
      { type: 'timer', raw: { messages: [{ details: { payload: 'hourly' } }] } },
      {
        type: 'queue',
        raw: {
          messages: [{ details: { message: { body: 'one' } } }, { details: { message: { body: 'two' } } }],
        },
      },
    ]);
  });

  it('rejects when the cloud would call again', async () => {
    const kit = kitWith(undefined);
    await expect(kit.trigger.timer()).rejects.toThrow(/failed on a timer: .*no onOtherEvent hook/s);
    await expect(kit.trigger.queue(['one'])).rejects.toThrow(/failed on a queue: .*no onOtherEvent hook/s);
  });

  it('brings the jobs of a fan-out, which send to the clients', async () => {
    const jobs: string[] = [];
    const send: MessageQueue['send'] = async (messages) => {
      jobs.push(...messages.map(({ body }) => body));
    };
    const queue = { name: 'jobs', maxBodyBytes: 256 * 1024, send };
    const kit = createTestKit(({ transport, now }) => {
      const fanout = queueFanout({ queue, now });
      return createApp({
        contract,
        store: memoryStore({ now }),
        transport,
        now,
        origins: 'any',
        broadcast: { fanout },
      }).onOtherEvent(async ({ toAll }) => {
        await toAll().dispatch('said', { text: 'hello' });
      });
    });
    const anna = await kit.connect();
    await kit.trigger.timer();
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await kit.trigger.queue([job]);
    await anna.expectBroadcast('said', { text: 'hello' });
  });
});
