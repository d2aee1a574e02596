/** How lines of structured logs look in a terminal. */
import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { createApp, type FunctionContext } from 'yc-broadcast';
import { hashId, logs } from 'yc-broadcast/logs';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { formatOutput } from '../../src/cli/dev/output-line.js';
import { runCli, startCli, temporaryProject } from '../support/cli.js';
import { connectEvent, functionContext } from '../support/events.js';
import { scriptedTransport } from '../support/scripted-transport.js';

/** Marks what is coloured. */
const paint = (style: string, text: string): string =>
  style === 'dim' ? text : `<${style}>${text}</${style}>`;

function shown(line: string, columns = Infinity): string {
  return formatOutput(paint, () => columns)({ instance: 1, stream: 'stdout', text: `${line}\n` });
}

describe('a line that a function prints', () => {
  it('is shown by level and message, with its fields behind it and its stack below', () => {
    const line = {
      level: 'WARN',
      message: 'slow',
      stream_name: 'chat',
      room: 'lobby',
      codes: { A: 1 },
      note: 'two words',
    };
    expect(shown(JSON.stringify(line))).toBe(
      '#1 │ <yellow>WARN </yellow> slow room=lobby codes={"A":1} note="two words"\n',
    );
    expect(shown('{"level":"error","msg":"broken","stack":"    at a:1:2\\n    at b:3:4"}')).toBe(
      '#1 │ <red>ERROR</red> broken\n#1 │     at a:1:2\n#1 │     at b:3:4\n',
    );
  });

  it.each(['plain text', '{"not":"structured"}', '{"message": cut', '[1]', '{"message":5}', ''])(
    'is shown as it is when it is none: %j',
    (line) => {
      expect(shown(line)).toBe(`#1 │ ${line}\n`);
    },
  );

  it('fits into the terminal, when it comes from logs()', async () => {
    const lines: string[] = [];
    const log = logs({ write: (line) => lines.push(line) });
    const store = memoryStore();
    const app = createApp({
      store,
      transport: scriptedTransport(),
      origins: 'any',
      observe: [log],
      onError: log.onError,
    });
    app.onConnect(({ join }) => join('lobby'));
    app.onDisconnect(() => {
      throw new RangeError('no');
    });
    const context: FunctionContext = functionContext();
    await app.handler(connectEvent({ connectionId: 'a', connectedAt: Date.now() }), context);
    await app.broadcaster.during(context).to('lobby').sendRaw('hi');
    const [connect = '', broadcast = ''] = lines.map((line) => shown(line, 80));
    expect(connect).toMatch(
      /^#1 │ <green>INFO <\/green> connect: ok, [\d.]+ ms connection=[0-9a-f]{12} coldStart=true .*…\n$/,
    );
    expect(broadcast).toMatch(/INFO <\/green> broadcast to a room: 1 of 1 delivered, \d+ ms to=room/);
    for (const line of [connect, broadcast])
      expect(line.replace(/<\/?\w+>/g, '').trimEnd().length).toBeLessThanOrEqual(80);
  });
});

describe('yc-broadcast hash', () => {
  it('prints what stands in logs', async () => {
    expect(await runCli('hash', 'anna', 'boris', '--function-id', 'd4e1')).toEqual({
      code: 0,
      output: `${hashId('d4e1', 'anna')}\n${hashId('d4e1', 'boris')}\n`,
    });
    const byVariable = startCli(['hash', 'anna'], { YC_BROADCAST_HASH_KEY: 'own' });
    await byVariable.exited;
    expect(byVariable.output()).toBe(`${hashId('own', 'anna')}\n`);
  });

  it('says what it needs', async () => {
    expect(await runCli('hash', 'anna')).toEqual({
      code: 2,
      output: expect.stringContaining('missing --function-id'),
    });
    expect(await runCli('hash', '--key', 'own')).toEqual({
      code: 2,
      output: expect.stringContaining('missing <id>'),
    });
  });
});

describe('yc-broadcast dev', () => {
  const source = `
    import { createApp } from 'yc-broadcast';
    import { logs } from 'yc-broadcast/logs';
    import { memoryStore } from 'yc-broadcast/stores/memory';
    const log = logs();
    const watching = process.env.WITH_LOGS === '1' ? { observe: [log], onError: log.onError } : {};
    const app = createApp({ store: memoryStore(), origins: 'any', ...watching });
    app.onMessage(({ body }) => {
      throw new TypeError('there is no such dish; asked for: ' + body);
    });
    export const handler = app.handler;
  `;

  async function linesAfter(pattern: RegExp, env: NodeJS.ProcessEnv): Promise<string> {
    const project = temporaryProject({ 'handler.ts': source });
    const args = ['dev', join(project.path, 'handler.ts'), '--port', '0', '--instances', '1'];
    const cli = startCli(args, { YC_BROADCAST_HASH_KEY: 'own', ...env });
    const [, port = ''] = await cli.printed(/ws:\/\/localhost:(\d+)/);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    await once(socket, 'open');
    socket.send('an omelette');
    const [line] = await cli.printed(pattern);
    socket.terminate();
    cli.signal('SIGINT');
    await cli.exited;
    project.remove();
    return line;
  }

  it('shows lines of logs() with the message of an error, but for what was said', async () => {
    const lines = await linesAfter(/^#1 │ ERROR message: UNKNOWN: .*\n#1 │ +at .*$/m, { WITH_LOGS: '1' });
    expect(lines).toContain('message: UNKNOWN: there is no such dish; asked for: […] during=message');
    expect(lines).toMatch(/at .*handler\.ts:9:\d+\)$/);
  });

  it("shows the app's own line for an error in the same way, and all of its message", async () => {
    const lines = await linesAfter(/^#1 │ ERROR message: UNKNOWN: .*$/m, {});
    expect(lines).toContain('there is no such dish; asked for: an omelette');
  });
});
