/**
 * Code written for the cloud reaches the local gateway: in instances, and in programs that are given its
 * environment.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { startEmulator, type Emulator, type EmulatorOptions, type TestClient } from 'yc-broadcast/emulator';
import { localCertificate } from '../support/certificate.js';
import { temporaryProject } from '../support/cli.js';
import { requireProgram } from '../support/servers.js';

const HOST = 'apigateway-connections.api.cloud.yandex.net';
const curl = requireProgram('curl', 'apt-get install curl');

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A project, and a gateway in front of its `handler.mjs`. */
async function start(
  files: Readonly<Record<string, string>>,
  options: Partial<EmulatorOptions> = {},
): Promise<{ emulator: Emulator; folder: string; client: TestClient }> {
  const { path, remove } = temporaryProject(files);
  cleanups.push(remove);
  const folder = join(path, '.yc-broadcast');
  const emulator = await startEmulator({
    routes: { '/ws': { entry: join(path, 'handler.mjs'), instances: 1 } },
    redirect: { folder },
    // The only token that is taken: it has to come from the metadata service, or from the call.
    token: 't1.of-this-gateway',
    timeoutMs: 30_000,
    memoryMb: 512,
    ...options,
  });
  cleanups.push(emulator.stop);
  return { emulator, folder, client: await emulator.connect('/ws') };
}

/**
 * What the official documentation shows for each major, word by word: no address, no token, no certificate.
 */
const SDK_2 = `
import { serviceClients, cloudApi, Session } from '@yandex-cloud/nodejs-sdk';
const { serverless: { apigateway_connection_service: service } } = cloudApi;
const client = new Session().client(serviceClients.WebSocketConnectionServiceClient);
const type = service.SendToConnectionRequest_DataType.TEXT;
`;
const SDK_3 = `
import { Session } from 'yandex-cloud-sdk-3';
import { connectionService as service } from 'yandex-cloud-sdk-3/serverless-apigateway-websocket-v1';
const client = new Session().client(service.ConnectionServiceClient);
const type = service.SendToConnectionRequest_DataType.TEXT;
`;
const WITH_SDK = `
export const handler = async ({ requestContext: { eventType, connectionId }, body }) => {
  if (eventType !== 'MESSAGE') return { statusCode: 200 };
  if (body === 'leave') await client.disconnect(service.DisconnectRequest.fromPartial({ connectionId }));
  else {
    const { identity } = await client.get(service.GetConnectionRequest.fromPartial({ connectionId }));
    const data = Buffer.from(body + ' from ' + identity.sourceIp);
    await client.send(service.SendToConnectionRequest.fromPartial({ connectionId, data, type }));
  }
  return { statusCode: 200 };
};
`;

describe.each([
  ['2.8', SDK_2],
  ['3.2', SDK_3],
])('the official SDK %s, as it is', (_version, head) => {
  it('sends, gets and disconnects from an instance', async () => {
    const { emulator, client } = await start({ 'handler.mjs': head + WITH_SDK });
    client.send('hello');
    expect(await client.next(20_000)).toBe('hello from 127.0.0.1');
    client.send('leave');
    expect((await client.closed).code).toBe(1000);
    const calls = emulator.timeline().filter(({ via }) => via === 'gRPC');
    expect(calls.map(({ type, status }) => [type, status])).toEqual([
      ['get', 200],
      ['send', 200],
      ['kick', 200],
    ]);
  });
});

/** A handler that sends back what `work` makes of a message, with what it says of errors. */
const working = (imports: string, work: string): string => `
${imports}
const path = (id) => 'https://${HOST}/apigateways/websocket/v1/connections/' + id;
const headers = (context) => ({ Authorization: 'Bearer ' + context.token.access_token });
async function work({ body, requestContext: { connectionId } }, context) { ${work} }
export const handler = async (event, context) => {
  if (event.requestContext.eventType !== 'MESSAGE') return { statusCode: 200 };
  const answer = await work(event, context).catch((error) => error.stack);
  return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(answer) };
};
`;

const viaHttps = (open: string): string => `
  const response = await new Promise((resolve, reject) =>
    ${open}(path(connectionId), { headers: headers(context) }, resolve).on('error', reject));
  let text = '';
  for await (const chunk of response) text += chunk;
  return JSON.parse(text).id;`;

describe('other clients in an instance reach the gateway at the real address', () => {
  it.each([
    [
      'fetch',
      '',
      'return (await (await fetch(path(connectionId), { headers: headers(context) })).json()).id;',
    ],
    ['https.get', "import https from 'node:https';", viaHttps('https.get')],
    ['get of an import', "import { get } from 'node:https';", viaHttps('get')],
    [
      'axios',
      "import axios from 'axios';",
      'return (await axios.get(path(connectionId), { headers: headers(context) })).data.id;',
    ],
    [
      'undici',
      "import { request } from 'undici';",
      'return (await (await request(path(connectionId), { headers: headers(context) })).body.json()).id;',
    ],
    [
      'connect of node:tls, imported',
      "import { connect } from 'node:tls';",
      `const socket = connect(443, '${HOST}', { servername: '${HOST}' });
       const lines = ['GET ' + new URL(path(connectionId)).pathname + ' HTTP/1.1', 'Host: ${HOST}', 'Connection: close'];
       socket.write(lines.concat('Authorization: ' + headers(context).Authorization, '', '').join('\\r\\n'));
       let text = '';
       for await (const chunk of socket) text += chunk;
       return JSON.parse(/\\{.*\\}/.exec(text)[0]).id;`,
    ],
    [
      'node:http2',
      "import { connect } from 'node:http2';",
      `const session = connect('https://${HOST}');
       const stream = session.request({ ':path': new URL(path(connectionId)).pathname, ...headers(context) });
       let text = '';
       for await (const chunk of stream) text += chunk;
       session.close();
       return JSON.parse(text).id;`,
    ],
  ])('%s', async (_name, imports, work) => {
    const { client, emulator } = await start({ 'handler.mjs': working(imports, work) });
    client.send('x');
    expect(await client.nextJson(20_000)).toBe(client.id);
    expect(emulator.timeline().find(({ type }) => type === 'get')).toMatchObject({
      via: 'REST',
      status: 200,
    });
  });

  it('and at its own, whose certificate they trust, too', async () => {
    const work = `
      const response = await fetch(process.env.YC_BROADCAST_ENDPOINT.replace('localhost', '127.0.0.1') +
        '/apigateways/websocket/v1/connections/' + connectionId, { headers: headers(context) });
      return (await response.json()).id === connectionId;`;
    const { client } = await start({ 'handler.mjs': working('', work) });
    client.send('x');
    expect(await client.nextJson(20_000)).toBe(true);
  });

  it('the default transport of this library, over gRPC', async () => {
    const { client, emulator } = await start({
      'handler.mjs': `
        import { createApp } from 'yc-broadcast';
        import { memoryStore } from 'yc-broadcast/stores/memory';
        const app = createApp({ store: memoryStore(), origins: 'any' });
        app.onMessage(async ({ to, toAll }) => { await toAll().sendRaw('from the broadcast'); });
        export const handler = app.handler;`,
    });
    client.send('x');
    expect(await client.next(20_000)).toBe('from the broadcast');
    expect(emulator.timeline().find(({ type }) => type === 'send')).toMatchObject({
      via: 'gRPC',
      status: 200,
    });
    await emulator.assertNoUnawaited();
  });
});

/** What a server answers to a client that speaks to it through the gateway. */
async function throughProxy(proxyPort: number, address: string, ca: string): Promise<string> {
  const asking = httpRequest({ port: proxyPort, method: 'CONNECT', path: address }).end();
  const [{ statusCode }, tunnel] = (await once(asking, 'connect')) as [IncomingMessage, Socket];
  if (statusCode !== 200) {
    tunnel.destroy();
    throw new Error(`the proxy answered ${statusCode ?? 0}`);
  }
  const socket = connectTls({ socket: tunnel, servername: address.replace(/:.*/, ''), ca });
  cleanups.push(() => socket.destroy());
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

/** An HTTPS server that is none of the platform's, with a certificate of its own. */
async function standIn(): Promise<{ port: number; cert: string }> {
  const { key, cert } = await localCertificate();
  const server = createServer({ key, cert }, (_request, response) => {
    response.setHeader('Content-Length', 12).end('the real one');
  });
  return { port: await listening(server), cert };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('what is not listed passes untouched', () => {
  it('from an instance, certificate and all', async () => {
    const { port, cert } = await standIn();
    const { client } = await start({
      'handler.mjs': working(
        "import { request } from 'node:https';",
        `const { port, ca } = JSON.parse(body);
         let certificate;
         const response = await new Promise((resolve, reject) =>
           request({ host: 'localhost', port, ca }, resolve)
             .on('socket', (socket) => socket.on('secureConnect', () => { certificate = socket.getPeerX509Certificate(); }))
             .on('error', reject).end());
         let text = '';
         for await (const chunk of response) text += chunk;
         return [text, certificate.toString().trim() === ca.trim()];`,
      ),
    });
    client.send({ port, ca: cert });
    expect(await client.nextJson(20_000)).toEqual(['the real one', true]);
  });

  it('through the proxy', async () => {
    const { port, cert } = await standIn();
    const { emulator } = await start({ 'handler.mjs': working('', '') });
    expect(await throughProxy(emulator.port, `localhost:${port}`, cert)).toBe('the real one');
  });

  it('through the proxy, and the one behind it that this machine needs', async () => {
    const { port, cert } = await standIn();
    const asked: string[] = [];
    const upstream = createHttpServer().on('connect', (request, socket) => {
      asked.push(`${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`);
      if (asked.length > 1) socket.end('HTTP/1.1 407 x\r\n\r\n');
      else {
        const target = connect(port, '127.0.0.1');
        cleanups.push(() => target.destroy());
        socket.write('HTTP/1.1 200 x\r\n\r\n');
        socket.pipe(target).pipe(socket);
      }
    });
    const upstreamPort = await listening(upstream);
    const { emulator } = await start({ 'handler.mjs': working('', '') });
    process.env['https_proxy'] = `http://me:secret@127.0.0.1:${upstreamPort}`;
    cleanups.push(() => delete process.env['https_proxy']);
    expect(await throughProxy(emulator.port, `localhost:${port}`, cert)).toBe('the real one');
    expect(asked).toEqual([`localhost:${port} Basic ${Buffer.from('me:secret').toString('base64')}`]);
    await expect(throughProxy(emulator.port, `localhost:${port}`, cert)).rejects.toThrow('502');
  });

  it('with a 502 when it cannot be reached', async () => {
    const { emulator } = await start({ 'handler.mjs': working('', '') });
    await expect(throughProxy(emulator.port, 'localhost:1', '')).rejects.toThrow('502');
  });
});

describe('other programs', () => {
  it('are redirected by the environment and the preload, without instances', async () => {
    const { emulator, client } = await start({
      'handler.mjs': working('', ''),
      'send.mjs': `${SDK_3}
      const [, , connectionId] = process.argv;
      await client.send(service.SendToConnectionRequest.fromPartial({ connectionId, data: Buffer.from('hi'), type }));
      process.exit(0);`,
    });
    const { redirect } = emulator;
    if (redirect === undefined) throw new Error('no redirect');
    const args = ['--import', redirect.preload, join(redirect.caFile, '../../send.mjs'), client.id];
    const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'], ...redirect.env } });
    expect(await client.next(20_000)).toBe('hi');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  (curl === undefined ? it.skip : it)('such as curl, with --proxy and --cacert', async () => {
    const { emulator, client } = await start({ 'handler.mjs': working('', '') });
    const { proxy = '', caFile = '' } = emulator.redirect ?? {};
    const ask = async (...args: string[]): Promise<string> => {
      const child = spawn(curl ?? '', ['--silent', '--show-error', '--proxy', proxy, ...args]);
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => (text += String(chunk)));
      await once(child, 'close');
      return text;
    };
    const url = `https://${HOST}/apigateways/websocket/v1/connections/${client.id}`;
    const authorized = ['-H', 'Authorization: Bearer t1.of-this-gateway'];
    const told = await ask('--cacert', caFile, ...authorized, url);
    expect(JSON.parse(told)).toMatchObject({ id: client.id });
    expect(
      await ask('--cacert', caFile, ...authorized, '-d', '{"type":"TEXT","data":"aGk="}', `${url}:send`),
    ).toBe('{}');
    expect(await client.next()).toBe('hi');
    // Without the authority, nobody is fooled.
    expect(await ask(...authorized, url)).toMatch(/certificate/);
    const token = 'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token';
    expect(JSON.parse(await ask('-H', 'Metadata-Flavor: Google', token))).toEqual({
      access_token: 't1.of-this-gateway',
      expires_in: 43_200,
      token_type: 'Bearer',
    });
  });
});

describe('the metadata service', () => {
  const ask = (emulator: Emulator, path: string, headers: Record<string, string> = {}) =>
    fetch(`${emulator.url}/computeMetadata/v1/${path}`, { headers });
  const TOKEN = 'instance/service-accounts/default/token';
  const google = { 'Metadata-Flavor': 'Google' };

  it('answers only those who ask as they should', async () => {
    const { emulator } = await start({ 'handler.mjs': working('', '') });
    const answers = [
      await ask(emulator, TOKEN),
      await ask(emulator, 'instance/hostname', google),
      await ask(emulator, TOKEN, google),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 404, 200]);
  });

  it('has no token for a function without a service account', async () => {
    const { emulator } = await start({ 'handler.mjs': working('', '') }, { serviceAccount: false });
    expect((await ask(emulator, TOKEN, google)).status).toBe(404);
  });

  it('is not there without a redirect', async () => {
    const { emulator } = await start({ 'handler.mjs': working('', '') }, { redirect: false });
    expect(await (await ask(emulator, TOKEN, google)).text()).toMatch(/^Nothing at/);
    expect([emulator.redirect, emulator.tls]).toEqual([undefined, undefined]);
  });
});

describe('the files of a redirect', () => {
  const contents = (folder: string): string[] =>
    readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));

  it('hold no private key, and go with the gateway', async () => {
    const { emulator, folder } = await start({ 'handler.mjs': working('', '') });
    const { caFile = '' } = emulator.redirect ?? {};
    expect(caFile).toBe(join(folder, `ca-${emulator.port}.pem`));
    expect(readFileSync(caFile, 'utf8')).toBe(emulator.tls?.ca);
    expect(contents(folder).length).toBeGreaterThanOrEqual(3);
    expect(contents(folder).filter((text) => /PRIVATE|\bkey:/.test(text))).toEqual([]);
    await emulator.stop();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are those of each gateway, when a project has two', async () => {
    const { emulator, folder, client } = await start({ 'handler.mjs': SDK_3 + WITH_SDK });
    const other = await startEmulator({
      routes: { '/ws': () => ({ statusCode: 200 }) },
      redirect: { folder },
    });
    await other.stop();
    expect(existsSync(emulator.redirect?.caFile ?? '')).toBe(true);
    client.send('still here');
    expect(await client.next(20_000)).toBe('still here from 127.0.0.1');
  });

  it('go when the process ends without stopping it', async () => {
    const { path, remove } = temporaryProject({
      'main.mjs': `
        import { startEmulator } from 'yc-broadcast/emulator';
        const folder = process.argv[2];
        await startEmulator({ routes: { '/ws': () => undefined }, redirect: { folder } });
        process.stdout.write(JSON.stringify((await import('node:fs')).readdirSync(folder)));
        process.exit(0);`,
    });
    cleanups.push(remove);
    const folder = mkdtempSync(join(path, 'files-'));
    const child = spawn(process.execPath, [join(path, 'main.mjs'), folder]);
    let text = '';
    child.stdout.on('data', (chunk) => (text += String(chunk)));
    await once(child, 'close');
    expect(JSON.parse(text)).toHaveLength(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keep the authorities that gRPC clients trust anyway', async () => {
    const { path, remove } = temporaryProject({ 'own.pem': 'THE OWN ONES\n' });
    cleanups.push(remove);
    const rootsOf = async (): Promise<string> => {
      const { emulator } = await start({ 'handler.mjs': working('', '') });
      return readFileSync(emulator.redirect?.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'] ?? '', 'utf8');
    };
    expect((await rootsOf()).match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(100);
    process.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'] = join(path, 'own.pem');
    cleanups.push(() => delete process.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH']);
    expect(await rootsOf()).toMatch(/END CERTIFICATE[^]*THE OWN ONES/);
  });
});

describe('the environment of an instance', () => {
  const names = ['grpc_proxy', 'no_grpc_proxy', 'YC_BROADCAST_ENDPOINT', 'YC_BROADCAST_CA'];
  const told = working('', `return ${JSON.stringify(names)}.map((name) => process.env[name]);`);
  beforeEach(() => {
    const before = { ...process.env };
    cleanups.push(() => (process.env = before));
  });

  it('leads to this gateway whatever else is set, and is that of nobody else', async () => {
    process.env['grpc_proxy'] = 'http://127.0.0.1:1';
    process.env['no_proxy'] = 'yandex.net,intranet.example';
    const { client, emulator } = await start({ 'handler.mjs': told });
    client.send('x');
    expect(await client.nextJson(20_000)).toEqual([
      emulator.url,
      'localhost,127.0.0.1,intranet.example',
      emulator.tls?.endpoint,
      emulator.redirect?.caFile,
    ]);
    expect([process.env['grpc_proxy'], process.env['YC_BROADCAST_CA']]).toEqual([
      'http://127.0.0.1:1',
      undefined,
    ]);
  });

  it('leaves an endpoint of the user alone, and trusts what is trusted there', async () => {
    const entry = (path: string) => ({
      entry: path,
      instances: 1,
      env: { YC_BROADCAST_ENDPOINT: 'https://else.where' },
    });
    const { path, remove } = temporaryProject({ 'handler.mjs': told });
    cleanups.push(remove);
    const emulator = await startEmulator({
      routes: { '/ws': entry(join(path, 'handler.mjs')) },
      redirect: { folder: join(path, '.yc-broadcast') },
    });
    cleanups.push(emulator.stop);
    const client = await emulator.connect('/ws');
    client.send('x');
    expect(((await client.nextJson(20_000)) as unknown[]).slice(2)).toEqual(['https://else.where', null]);
  });
});

it('a folder that cannot be written is refused, and nothing stays open', async () => {
  const { path, remove } = temporaryProject({ file: '' });
  cleanups.push(remove);
  const options = { routes: { '/ws': () => undefined }, redirect: { folder: join(path, 'file') } };
  await expect(startEmulator(options)).rejects.toThrow(/redirect\.folder: .*cannot be written/);
});
