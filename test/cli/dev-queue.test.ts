/** `dev --queue`: queues for the function and for the sockets of a path, found without options. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { runCli, startCli, temporaryProject, type RunningCli } from '../support/cli.js';

const HANDLER = `
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createApp } from 'yc-broadcast';
import { pathBroadcaster } from 'yc-broadcast/native';
import { messageQueue } from 'yc-broadcast/queue/client';
import { memoryStore } from 'yc-broadcast/stores/memory';

const jobs = messageQueue();
const live = pathBroadcaster({ queue: messageQueue({ name: 'live' }) });
const credentials = { accessKeyId: 'YCAJE', secretAccessKey: 'x' };
const cloud = new SQSClient({ endpoint: 'https://message-queue.api.cloud.yandex.net', region: 'ru-central1', credentials });

const app = createApp({ store: memoryStore(), origins: 'any' });
app.onMessage(async ({ body }) => {
  if (body === 'where') return (await cloud.send(new GetQueueUrlCommand({ QueueName: 'jobs' }))).QueueUrl;
  await jobs.send([{ body }]);
});
app.onOtherEvent(async ({ event: { raw } }) => {
  const [{ details: { message } }] = raw.messages;
  if (message.body === 'poison') throw new Error('poison');
  await live.send('done', message.body);
});
export const handler = app.handler;
`;

const project = temporaryProject({ 'handler.mjs': HANDLER });
let dev: RunningCli;
let port: string;

beforeAll(async () => {
  const queues = ['--queue', 'jobs', '--queue', 'live=/ws', '--max-receives', '1'];
  dev = startCli([
    'dev',
    join(project.path, 'handler.mjs'),
    '--port',
    '0',
    '--instances',
    '1',
    '--no-watch',
    ...queues,
  ]);
  const [, found = ''] = await dev.printed(/localhost:(\d+)[\s\S]*Ctrl-C/);
  port = found;
});
afterAll(async () => {
  dev.signal('SIGKILL');
  await dev.exited;
  project.remove();
});

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  return socket;
}

async function nextText(socket: WebSocket): Promise<string> {
  const [data] = (await once(socket, 'message')) as [Buffer];
  return data.toString();
}

describe('dev --queue', () => {
  it('says what reads which queue', () => {
    expect(dev.output()).toMatch(/Queue +jobs → .*handler\.mjs, one message each/);
    expect(dev.output()).toMatch(
      /Queue +live → \/ws, one message each {2}messageQueue\(\{ name: 'live' \}\)/,
    );
  });

  it('brings what the function has sent to the function, and on to the sockets', async () => {
    const socket = await open();
    socket.send('work');
    const envelope = JSON.parse(await nextText(socket)) as {
      messages: { details: { message: { body: string } } }[];
    };
    const [message] = envelope.messages;
    expect(JSON.parse(message?.details.message.body ?? '')).toMatchObject({ type: 'done', data: 'work' });
    await dev.printed(/→ TRIGGER .*#1 warm {2}jobs 1 message\n/);
    await dev.printed(/→ TRIGGER .*live → \/ws 1 message .*to 1 sockets/);
    socket.close();
  });

  it('shows with ls what is left in the queues', async () => {
    const socket = await open();
    socket.send('poison');
    await dev.printed(/→ TRIGGER .*poison/);
    const { code, output } = await runCli('ls', '--queues', '--port', port);
    expect(code).toBe(0);
    expect(output).toMatch(/QUEUE +VISIBLE +IN FLIGHT +DELAYED +READ BY\n/);
    expect(output).toMatch(/\njobs +0 +1 +0 +\S*handler\.mjs\n/);
    expect(output).toMatch(/\njobs-dead +0 +0 +0 +-\n/);
    socket.close();
  });

  it('leads code that is written for the cloud to it', async () => {
    const socket = await open();
    socket.send('where');
    expect(await nextText(socket)).toMatch(
      /^https:\/\/message-queue\.api\.cloud\.yandex\.net\/b1g\w+\/dj6\w+\/jobs$/,
    );
    socket.close();
  });

  it('tells a command that it runs where the queues are', async () => {
    const show = 'console.log(process.env.YC_BROADCAST_QUEUE_URL, process.env.YC_BROADCAST_QUEUE_URL_LIVE)';
    const queues = ['--queue', 'jobs', '--queue', 'live=/ws'];
    const entry = join(project.path, 'handler.mjs');
    const { code, output } = await runCli('dev', entry, ...queues, '--exec', `node -e '${show}'`);
    expect(code).toBe(0);
    expect(output).toMatch(/http:\/\/127\.0\.0\.1:\d+\/b1g\w+\/dj6\w+\/jobs http:\S+\/live\n/);
  });

  it.each([
    ['--queue', 'a b'],
    ['--queue', 'live=ws'],
    ['--cutoff', '10'],
    ['--batch', 'x'],
  ])('refuses %s %s', async (option, value) => {
    const { code, output } = await runCli('dev', join(project.path, 'handler.mjs'), option, value);
    expect(code).toBe(2);
    expect(output).toContain(option);
  });
});
