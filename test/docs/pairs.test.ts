/**
 * Samples that belong together work together: the README's handler on the local gateway, and the README's
 * clients of it.
 */
import { describe, expect, it } from '@jest/globals';
import type { Client } from 'yc-broadcast/client';
import { startEmulator, type FunctionHandler } from 'yc-broadcast/emulator';
import { WebSocket } from 'ws';
import { createSampleRunner, sampleWith } from '../support/run-sample.js';
import { until } from '../support/until.js';

const { run, give, later } = createSampleRunner();
const handlerSample = sampleWith('README.md', 'export const handler');

describe("the README's handler", () => {
  it("answers the README's client, which shows what is said, once", async () => {
    const { handler } = await run<{ handler: FunctionHandler }>(handlerSample);
    await using emulator = await startEmulator({ routes: { '/ws': handler } });
    process.env['YC_BROADCAST_ENDPOINT'] = emulator.endpoint;
    const shown: string[] = [];
    give({ show: (text: string) => shown.push(text), WebSocket });
    const page = sampleWith('README.md', "client.join('lobby')");
    const { client } = await run<{ client: Client }>(
      page.replace('wss://chat.example/ws', emulator.wsUrl('/ws')),
      'client',
    );
    later(() => {
      client.close();
    });
    await until(() => shown.length > 0);
    await emulator.idle();
    expect(shown).toEqual(['hello']);
  });

  it("reaches the clients of the README's test", async () => {
    const { handler } = await run<{ handler: FunctionHandler }>(handlerSample);
    const printed: unknown[] = [];
    give({ handler, console: { ...console, log: (value: unknown) => printed.push(value) } });
    await run(sampleWith('README.md', 'await using gateway'));
    expect(printed).toMatchObject([
      { type: 'reply' },
      { type: 'said', data: { text: 'hello' }, room: 'lobby' },
    ]);
  });
});
