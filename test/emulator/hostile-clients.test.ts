/**
 * Clients that mean harm, one request at a time: what they send has a bound, and its names are only names.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator, type Emulator, type EmulatorOptions } from 'yc-broadcast/emulator';
import { grpcFrame } from '../../src/base/grpc-frame.js';
import { until } from '../support/until.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const routes = { '/ws': () => ({ statusCode: 200, body: 'x'.repeat(100_000) }) };
  const emulator = await startEmulator({ routes, store: true, queues: { jobs: {} }, ...options });
  cleanups.push(() => emulator.stop());
  return emulator;
}

function signed(service: string, target: string, body: unknown): RequestInit {
  const authorization = `AWS4-HMAC-SHA256 Credential=a/20260101/x/${service}/aws4_request`;
  const headers = { authorization, 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('a client that does not read', () => {
  it('is dropped before many replies have gathered for it', async () => {
    const emulator = await start();
    const socket = connect(emulator.port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.write(HANDSHAKE);
    await until(() => emulator.connections().length === 1);
    const messages = Buffer.concat(
      Array.from({ length: 400 }, () => Buffer.of(0x81, 0x81, 0, 0, 0, 0, 0x61)),
    );
    socket.write(messages);
    await until(() => emulator.connections().length === 0);
    expect(emulator.timeline({ type: 'close' })[0]?.reason).toContain('the client does not read');
  });
});

describe('the timeline', () => {
  it('keeps no more than the beginning of what a client has sent', async () => {
    const { url, timeline } = await start();
    const request = { QueueUrl: 'http://x/jobs', VisibilityTimeout: 'x'.repeat(1_000_000) };
    expect((await fetch(url, signed('sqs', 'AmazonSQS.ReceiveMessage', request))).status).toBe(400);
    const [entry] = timeline({ type: 'queue' });
    expect(entry?.reason).toMatch(/^ReceiveMessage: InvalidParameterValue.*x…$/);
    expect(entry?.reason?.length).toBeLessThan(5000);
  });
});

describe('names that every object has', () => {
  it('are attributes of items like any others', async () => {
    const { store } = await start();
    const key = { p: { S: 'a' }, s: { S: 'b' } };
    const ask = async (action: string, request: object): Promise<string> => {
      const all = { TableName: 'yc_broadcast_store', ...request };
      const response = await fetch(store?.endpoint ?? '', signed('dynamodb', `DynamoDB.${action}`, all));
      return `${response.status} ${await response.text()}`;
    };
    const put = { Item: key, ConditionExpression: 'attribute_not_exists(constructor)' };
    expect(await ask('PutItem', put)).toMatch(/^200/);
    const update = { Key: key, ExpressionAttributeValues: { ':a': { S: 'set' } } };
    expect(await ask('UpdateItem', { ...update, UpdateExpression: 'SET __proto__ = :a' })).toMatch(/^200/);
    expect(await ask('GetItem', { Key: key })).toContain('"__proto__":{"S":"set"}');
    expect(await ask('UpdateItem', { ...update, UpdateExpression: 'constructor a' })).toContain(
      'expected SET',
    );
    const compared = { Key: key, ConditionExpression: 'p constructor :a' };
    expect(await ask('DeleteItem', compared)).toContain("operator 'constructor' is not supported");
  });

  it('are no methods of the management API', async () => {
    const { tls } = await start({ tls: true });
    const session = connectHttp2(tls?.endpoint ?? '', { ca: tls?.ca });
    cleanups.push(() => {
      session.destroy();
    });
    const path = '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/constructor';
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      authorization: 'Bearer x',
    });
    const status = new Promise((resolve) => {
      for (const event of ['response', 'trailers'] as const)
        stream.on(event, (headers: IncomingHttpHeaders) => {
          const { 'grpc-status': found } = headers;
          if (found !== undefined) resolve(found);
        });
    });
    stream.resume();
    stream.end(grpcFrame(Buffer.alloc(0)));
    expect(await status).toBe('12');
  });

  it('are no orders of the control API', async () => {
    const { inspector, url } = await start();
    const headers = { 'x-yc-broadcast-token': inspector.token };
    const response = await fetch(`${url}/_yc-broadcast/api/connections?sort=__proto__`, { headers });
    expect(response.status).toBe(200);
  });

  it('stay as they are written in a context', async () => {
    const events: unknown[] = [];
    const integration = { type: 'cloud_functions', function_id: 'f', context: { text: '{constructor}' } };
    const emulator = await start({
      routes: undefined,
      spec: {
        paths: {
          '/ws': { 'x-yc-apigateway-websocket-message': { 'x-yc-apigateway-integration': integration } },
        },
      },
      functions: (event: unknown) => {
        events.push(event);
        return { statusCode: 200 };
      },
    });
    const client = await emulator.connect('/ws');
    client.send('x');
    await until(() => events.length === 1);
    expect(JSON.stringify(events)).toContain('"operationContext":{"text":"{constructor}"}');
  });
});

describe('pages', () => {
  it('are not for other sites to run or to show', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pages-'));
    cleanups.push(() => {
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, 'config.js'), 'secret = 1');
    const { url } = await start({ static: folder });
    const { headers } = await fetch(`${url}/config.js`);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-site');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
