/**
 * Handlers shaped like the platform's own examples, TypeScript from source, written for the cloud without a
 * word about this gateway: a tutorial with a function for each event, a game with a cookie authorizer and a
 * queue, a tunnel with HTTP and sockets. The GraphQL subscriptions are in graphql-ws.test.ts.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { startEmulator, type Emulator, type EmulatorOptions } from 'yc-broadcast/emulator';
import { temporaryProject } from '../support/cli.js';

/** Cold starts take as long as the machine is busy. */
const PATIENCE_MS = 30_000;

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const call = (id: string) => ({
  'x-yc-apigateway-integration': { type: 'cloud_functions', function_id: id, service_account_id: 'aje1' },
});

async function start(
  files: Readonly<Record<string, string>>,
  options: (file: (name: string) => { readonly entry: string }) => Partial<EmulatorOptions>,
): Promise<Emulator> {
  const project = temporaryProject({ 'package.json': '{}', ...files });
  const file = (name: string) => ({ entry: join(project.path, name) });
  const redirect = { folder: join(project.path, '.yc-broadcast') };
  const emulator = await startEmulator({ redirect, store: true, timeoutMs: 20_000, ...options(file) });
  cleanUps.push(project.remove, () => emulator.stop());
  return emulator;
}

/** Rows of a table over the Document API, as each example keeps them. */
const TABLE = `
const endpoint = String(process.env.YC_BROADCAST_YDB_ENDPOINT);
export async function table(action: string, request: object): Promise<{ Item?: Record<string, { S: string }> }> {
  const headers = { authorization: 'x', 'x-amz-target': 'DynamoDB_20120810.' + action };
  const body = JSON.stringify({ TableName: 'yc_broadcast_store', ...request });
  const response = await fetch(endpoint, { method: 'POST', headers, body });
  return (await response.json()) as { Item?: Record<string, { S: string }> };
}
export const key = (p: string, s: string) => ({ p: { S: p }, s: { S: s } });
`;

/** The connection management API of the cloud, with the token of the call. */
const SEND = `
export interface Context { readonly token?: { readonly access_token: string } }
export async function send(context: Context, id: string, message: unknown): Promise<number> {
  const host = 'https://apigateway-connections.api.cloud.yandex.net';
  const { status } = await fetch(host + '/apigateways/websocket/v1/connections/' + id + ':send', {
    method: 'POST',
    headers: { Authorization: 'Bearer ' + context.token?.access_token },
    body: JSON.stringify({ data: Buffer.from(JSON.stringify(message)).toString('base64'), type: 'TEXT' }),
  });
  return status;
}
`;

describe('a tutorial', () => {
  const EVENT = `interface Event { readonly body?: string; readonly requestContext: { readonly connectionId: string } }`;

  it('with a function for each event greets the others', async () => {
    const emulator = await start(
      {
        'table.ts': TABLE,
        'send.ts': SEND,
        'connect.ts': `import { key, table } from './table';
          ${EVENT}
          export async function handler({ requestContext: { connectionId } }: Event) {
            const { Item } = await table('GetItem', { Key: key('chat', 'all') });
            const ids = [...(Item?.ids?.S ?? '').split(' ').filter(Boolean), connectionId].join(' ');
            await table('PutItem', { Item: { ...key('chat', 'all'), ids: { S: ids } } });
            return { statusCode: 200 };
          }`,
        'message.ts': `import { key, table } from './table';
          import { send, type Context } from './send';
          ${EVENT}
          export async function handler({ body }: Event, context: Context) {
            const { Item } = await table('GetItem', { Key: key('chat', 'all') });
            const statuses = await Promise.all((Item?.ids?.S ?? '').split(' ').map((id) => send(context, id, { said: body })));
            return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ statuses }) };
          }`,
        'disconnect.ts': `import { key, table } from './table';
          export async function handler() {
            await table('DeleteItem', { Key: key('chat', 'all') });
            return { statusCode: 200 };
          }`,
      },
      (file) => ({
        spec: {
          paths: {
            '/websocket': {
              'x-yc-apigateway-websocket-connect': call('d4econnect'),
              'x-yc-apigateway-websocket-message': call('d4emessage'),
              'x-yc-apigateway-websocket-disconnect': call('d4edisconnect'),
            },
          },
        },
        functions: {
          d4econnect: file('connect.ts'),
          d4emessage: file('message.ts'),
          d4edisconnect: file('disconnect.ts'),
        },
      }),
    );
    const first = await emulator.connect('/websocket');
    const second = await emulator.connect('/websocket');
    first.send('hello');
    expect(await second.nextJson(PATIENCE_MS)).toEqual({ said: 'hello' });
    const own = [await first.nextJson(PATIENCE_MS), await first.nextJson(PATIENCE_MS)];
    expect(own).toEqual(expect.arrayContaining([{ said: 'hello' }, { statuses: [200, 200] }]));
    first.close();
    await first.closed;
    await emulator.idle();
    expect(emulator.timeline({ level: 'error' })).toEqual([]);
  });
});

describe('a game', () => {
  it('lets in who has a cookie, and moves by way of a queue', async () => {
    const emulator = await start(
      {
        'send.ts': SEND,
        'guard.ts': `interface Request { readonly cookies?: Record<string, string>; readonly headers: Record<string, string> }
          export async function handler({ headers }: Request) {
            const [, player] = /session=(\\w+)/.exec(headers.Cookie ?? '') ?? [];
            return player === undefined ? { isAuthorized: false } : { isAuthorized: true, context: { player } };
          }`,
        'game.ts': `import { SendMessageCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
          const credentials = { accessKeyId: 'YCAJE', secretAccessKey: 'x' };
          const queue = new SQSClient({ endpoint: 'https://message-queue.api.cloud.yandex.net', region: 'ru-central1', credentials });
          export const handler = async (event: any) => {
            const { eventType, connectionId, authorizer } = event.requestContext;
            if (eventType !== 'MESSAGE') return { statusCode: 200 };
            const { QueueUrl } = await queue.send(new GetQueueUrlCommand({ QueueName: 'moves' }));
            const MessageBody = JSON.stringify({ connectionId, player: authorizer?.player, move: event.body });
            await queue.send(new SendMessageCommand({ QueueUrl, MessageBody }));
            return { statusCode: 200 };
          };`,
        'worker.ts': `import { send, type Context } from './send';
          export const handler = async (event: any, context: Context) => {
            for (const { details } of event.messages) {
              const { connectionId, player, move } = JSON.parse(details.message.body);
              await send(context, connectionId, { moved: player + ' ' + move });
            }
            return { statusCode: 200 };
          };`,
      },
      (file) => ({
        spec: {
          paths: {
            '/game': {
              'x-yc-apigateway-websocket-connect': { ...call('game'), security: [{ session: [] }] },
              'x-yc-apigateway-websocket-message': { ...call('game'), security: [{ session: [] }] },
            },
          },
          components: {
            securitySchemes: {
              session: {
                type: 'apiKey',
                in: 'cookie',
                name: 'session',
                'x-yc-apigateway-authorizer': { type: 'function', function_id: 'guard' },
              },
            },
          },
        },
        functions: { game: file('game.ts'), guard: file('guard.ts') },
        queues: { moves: {} },
        triggers: [{ queue: 'moves', function: file('worker.ts'), cutoffMs: 0 }],
      }),
    );
    expect((await emulator.connect('/game')).handshake.status).toBe(401);
    const client = await emulator.connect('/game', { headers: { cookie: 'session=anna' } });
    client.send('left');
    expect(await client.nextJson(PATIENCE_MS)).toEqual({ moved: 'anna left' });
  });
});

describe('a tunnel', () => {
  it('brings HTTP requests to a socket, and its answers back', async () => {
    const emulator = await start(
      {
        'table.ts': TABLE,
        'send.ts': SEND,
        'tunnel.ts': `import { randomUUID } from 'node:crypto';
          import { key, table } from './table';
          import { send, type Context } from './send';
          const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
          export const handler = async (event: any, context: Context) => {
            const { eventType, connectionId } = event.requestContext;
            if (eventType === 'CONNECT') await table('PutItem', { Item: { ...key('tunnel', 'end'), id: { S: connectionId } } });
            if (eventType === 'MESSAGE') {
              const { request, answer } = JSON.parse(event.body);
              await table('PutItem', { Item: { ...key('tunnel', request), answer: { S: answer } } });
            }
            if (eventType !== undefined) return { statusCode: 200 };
            const { Item } = await table('GetItem', { Key: key('tunnel', 'end') });
            if (Item === undefined) return { statusCode: 502, body: 'nobody listens' };
            const request = randomUUID();
            await send(context, Item.id.S, { request, method: event.httpMethod, path: event.url });
            for (;;) {
              const found = await table('GetItem', { Key: key('tunnel', request) });
              if (found.Item !== undefined) return { statusCode: 200, body: found.Item.answer.S };
              await pause();
            }
          };`,
      },
      (file) => ({
        spec: {
          paths: {
            '/_tunnel': {
              'x-yc-apigateway-websocket-connect': call('tunnel'),
              'x-yc-apigateway-websocket-message': call('tunnel'),
            },
            '/{path+}': { 'x-yc-apigateway-any-method': call('tunnel') },
          },
        },
        functions: { tunnel: file('tunnel.ts') },
      }),
    );
    expect((await fetch(`${emulator.url}/orders/7`)).status).toBe(502);
    const client = await emulator.connect('/_tunnel');
    const answered = fetch(`${emulator.url}/orders/7`, { method: 'PUT' });
    const { request, ...asked } = (await client.nextJson(PATIENCE_MS)) as { readonly request: string };
    expect(asked).toEqual({ method: 'PUT', path: '/orders/7' });
    client.send(JSON.stringify({ request, answer: 'seven' }));
    expect(await (await answered).text()).toBe('seven');
  });
});
