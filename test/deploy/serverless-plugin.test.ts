/** What the plugin does in the cloud, against a stand-in of the cloud's deployment API. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { parse } from 'yaml';
import plugin from 'yc-broadcast/serverless';
import { localCertificate, type Certificate } from '../support/certificate.js';
import { addAccount, addGateway, deployVersion } from '../support/cloud-api/seed.js';
import { IAM_TOKEN, OAUTH_TOKEN, startCloudApi, type CloudApi } from '../support/cloud-api/server.js';
import { temporaryProject } from '../support/cli.js';
import { fakeServerless } from '../support/fake-serverless.js';

const folder = mkdtempSync(join(tmpdir(), 'serverless-test-'));
let certificate: Certificate;
let cloud: CloudApi;
const removals: (() => void)[] = [];

beforeAll(async () => {
  certificate = await localCertificate();
  writeFileSync(join(folder, 'ca.pem'), certificate.cert);
  process.env['YC_BROADCAST_CA'] = join(folder, 'ca.pem');
});

beforeEach(async () => {
  cloud = await startCloudApi(certificate, 0);
  process.env['YC_ENDPOINT'] = cloud.endpoint;
  addAccount(cloud, 'invoker');
});

afterEach(() => {
  cloud.close();
  for (const remove of removals.splice(0)) remove();
});

afterAll(() => {
  for (const name of ['YC_ENDPOINT', 'YC_BROADCAST_CA']) Reflect.deleteProperty(process.env, name);
  rmSync(folder, { recursive: true, force: true });
});

const CHAT = { events: [{ websocket: { path: '/ws', account: 'invoker' } }] };

const OF_TODAY: object = { iamToken: IAM_TOKEN };

/** The service `talk` at the stage `dev`; its functions get a new version with every deploy. */
function service(
  functions: Record<string, object> = { chat: CHAT },
  { credentials = OF_TODAY, deployed = Object.keys(functions), version = {}, names = {} } = {},
) {
  const deploy = () => {
    for (const key of deployed) deployVersion(cloud, `talk-dev-${key}`, version);
  };
  return fakeServerless(plugin, { folderId: cloud.folderId, credentials, functions, deploy, ...names });
}

const gateways = () => [...cloud.gateways.values()];
const versionsOf = (key: string) =>
  [...cloud.functions.values()].find(({ definition }) => definition.name === `talk-dev-${key}`)?.versions ??
  [];

describe('deploy', () => {
  it('makes a gateway that leads to the function, and prints where it is', async () => {
    const { run, printed, logged } = service();
    await run('deploy:deploy');
    const [made, ...others] = gateways();
    expect(others).toEqual([]);
    expect(made?.gateway).toMatchObject({
      name: 'talk-dev-chat',
      labels: { 'managed-by': 'yc-broadcast', service: 'talk', stage: 'dev' },
    });
    const [functionId] = cloud.functions.keys();
    const [accountId] = cloud.accounts.keys();
    expect(JSON.parse(made?.spec ?? '')).toMatchObject({
      openapi: '3.0.0',
      'x-yc-apigateway': {
        variables: { function_id: { default: functionId }, service_account_id: { default: accountId } },
      },
      paths: { '/ws': { 'x-yc-apigateway-websocket-connect': {}, 'x-yc-apigateway-websocket-message': {} } },
    });
    expect(printed).toEqual([`wss://${made?.gateway.domain}/ws`]);
    expect(logged).toEqual(['Websocket gateway "talk-dev-chat" created']);
  });

  it('marks and finds the gateway of a service whose name has capitals', async () => {
    const names = { serviceName: 'Talk', stage: 'Prod' };
    await service(undefined, { names }).run('deploy:deploy');
    expect(gateways()[0]?.gateway.labels).toMatchObject({ service: 'talk', stage: 'prod' });
    await service(undefined, { names }).run('remove:remove');
    expect(gateways()).toEqual([]);
  });

  it('updates the gateway that is there, so that its address stays', async () => {
    const first = service();
    await first.run('deploy:deploy');
    const functions = { chat: { events: [{ websocket: { path: '/rooms/{room}', account: 'invoker' } }] } };
    const second = service(functions);
    await second.run('deploy:deploy');
    expect(second.logged).toEqual(['Websocket gateway "talk-dev-chat" updated']);
    expect(second.printed).toEqual([first.printed[0]?.replace('/ws', '/rooms/{room}')]);
    expect(gateways()).toHaveLength(1);
    expect(Object.keys((JSON.parse(gateways()[0]?.spec ?? '') as { paths: object }).paths)).toEqual([
      '/rooms/{room}',
    ]);
  });

  it('gives each function with websocket events a gateway, wherever it stands in a long list', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) addGateway(cloud, `other-${name}`);
    const functions = {
      chat: CHAT,
      board: { events: [{ websocket: { path: '/board', account: 'invoker' } }] },
      job: {},
    };
    for (const verb of ['created', 'updated']) {
      const { run, logged, printed } = service(functions);
      await run('deploy:deploy');
      expect(logged).toEqual([
        `Websocket gateway "talk-dev-chat" ${verb}`,
        `Websocket gateway "talk-dev-board" ${verb}`,
      ]);
      expect(printed).toEqual([
        expect.stringMatching(/^wss:.*\/ws$/),
        expect.stringMatching(/^wss:.*\/board$/),
      ]);
    }
    expect(gateways()).toHaveLength(7);
  });

  it('puts an authorizer of the service in front of the connect', async () => {
    const authorizer = { function: 'guard', in: 'cookie', name: 'session', ttlSeconds: 60 };
    const functions = {
      chat: { events: [{ websocket: { path: '/ws', account: 'invoker', authorizer } }] },
      guard: {},
    };
    await service(functions).run('deploy:deploy');
    const [, guardId] = cloud.functions.keys();
    expect(JSON.parse(gateways()[0]?.spec ?? '')).toMatchObject({
      'x-yc-apigateway': { variables: { authorizer_id: { default: guardId } } },
      components: { securitySchemes: { connectAuthorizer: { in: 'cookie', name: 'session' } } },
    });
  });

  it('leads HTTP requests to the function where they are asked for, at the same address', async () => {
    const functions = {
      chat: { events: [{ websocket: { path: '/ws', account: 'invoker', http: ['/notify'] } }] },
    };
    const { run, printed } = service(functions);
    await run('deploy:deploy');
    expect(JSON.parse(gateways()[0]?.spec ?? '')).toMatchObject({
      paths: { '/ws': {}, '/notify': { 'x-yc-apigateway-any-method': {} } },
    });
    expect(printed).toEqual([expect.stringMatching(/\/ws$/)]);
  });

  it('takes what docs/deploy.md shows', async () => {
    const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
    const [, sample = ''] = /^```yaml\n(plugins:[\s\S]*?)^```/m.exec(page) ?? [];
    const { functions } = parse(sample) as { functions: Record<string, object> };
    addAccount(cloud, 'caller');
    const { run, printed } = service({ ...functions, guard: {} });
    await run('deploy:deploy');
    expect(printed).toEqual([expect.stringMatching(/\/rooms\/\{room\}$/)]);
    expect(versionsOf('chat').at(-1)?.version.concurrency).toBe(4);
    expect(JSON.parse(gateways()[0]?.spec ?? '')).toMatchObject({ paths: { '/notify': {} }, components: {} });
  });

  it('exchanges an OAuth token, and shows neither it nor what it got', async () => {
    const { run, printed, logged } = service(undefined, { credentials: { oauthToken: OAUTH_TOKEN } });
    await run('deploy:deploy');
    expect(gateways()).toHaveLength(1);
    expect([...printed, ...logged].join()).not.toMatch(/secret/);
  });

  it('waits for the cloud to be done', async () => {
    cloud.close();
    cloud = await startCloudApi(certificate, 1);
    process.env['YC_ENDPOINT'] = cloud.endpoint;
    addAccount(cloud, 'invoker');
    await service().run('deploy:deploy');
    expect(cloud.calls.filter((call) => call === 'OperationService/Get')).toHaveLength(1);
    expect(gateways()).toHaveLength(1);
  });

  it('names a gateway whose function is gone, and leaves it to whoever deploys', async () => {
    await service().run('deploy:deploy');
    const { run, logged } = service({ other: {} });
    await run('deploy:deploy');
    expect(logged).toEqual([
      'The gateway "talk-dev-chat" has no function here any more: yc serverless api-gateway delete talk-dev-chat',
    ]);
    expect(gateways()).toHaveLength(1);
  });
});

describe('bundle', () => {
  function project(files: Record<string, string>, functions: Record<string, object>) {
    const { path, remove } = temporaryProject(files);
    removals.push(remove);
    mkdirSync(join(path, '.serverless'));
    const options = { folderId: cloud.folderId, credentials: OF_TODAY, functions, serviceDir: path };
    return { path, ...fakeServerless(plugin, options) };
  }

  it('packs each function that asks for it, and tells the framework where the handler is then', async () => {
    const files = {
      'chat.ts': 'export const talk = (x: number) => x;',
      'job.js': 'export const handler = 1;',
    };
    const { run, serverless, path, logged } = project(files, {
      chat: { handler: 'chat.talk', bundle: {} },
      job: { handler: './job.handler', bundle: { external: ['pg'] } },
      old: { handler: 'old.handler', package: { patterns: ['old.js'] } },
    });
    await run('package:createDeploymentArtifacts');
    const { functions, package: settings } = serverless.service;
    expect(functions['chat']).toMatchObject({
      handler: 'index.talk',
      package: { artifact: join(path, '.serverless/chat.zip') },
    });
    expect(functions['job']).toMatchObject({ handler: 'index.handler' });
    expect(functions['old']).toMatchObject({ handler: 'old.handler', package: { patterns: ['old.js'] } });
    expect(settings).toEqual({ individually: true });
    expect(logged).toEqual(['Function "chat" bundled, 1 KB packed', 'Function "job" bundled, 1 KB packed']);
  });

  it.each([
    ['chat.handler', 'functions.chat.handler: ', "has no export 'handler'; it exports talk"],
    ['chta.talk', 'functions.chat.handler: expected <file>.<export> with a file in ', "not 'chta.talk'"],
    ['chat', 'functions.chat.handler: expected <file>.<export>', "not 'chat'"],
    ['broken.talk', 'functions.chat.handler: Build failed', 'Could not resolve "not-installed"'],
  ])('says what is wrong with the handler %s', async (handler, where, problem) => {
    const files = {
      'chat.ts': 'export const talk = 1;',
      'broken.ts': "export * from 'not-installed'; export const talk = 1;",
    };
    const { run } = project(files, { chat: { handler, bundle: {} } });
    const error: unknown = await run('package:createDeploymentArtifacts').catch((reason: unknown) => reason);
    expect(String(error)).toContain(where);
    expect(String(error)).toContain(problem);
  });
});

describe('concurrency', () => {
  const SETTINGS = {
    runtime: 'nodejs22',
    entrypoint: 'index.handler',
    resources: { memory: 134_217_728 },
    executionTimeout: { seconds: 10, nanos: 0 },
    serviceAccountId: 'ajeruntime',
    environment: { ORIGINS: 'https://chat.example', STORE_URL: 'redis://…' },
    description: 'v1',
    tmpfsSize: 536_870_912,
    secrets: [{ id: 'e6q', versionId: 'e6v', key: 'k', environmentVariable: 'KEY' }],
    metadataOptions: { gceHttpEndpoint: 1, awsV1HttpEndpoint: 2 },
  };

  it('makes a version with the same code and settings that takes several calls at a time', async () => {
    const { run, logged } = service({ chat: { concurrency: 4 } }, { version: SETTINGS });
    await run('deploy:deploy');
    const [old, copy, ...more] = versionsOf('chat');
    expect(more).toEqual([]);
    expect(old?.version.concurrency).toBe(0);
    expect(copy?.version).toEqual({
      ...old?.version,
      id: copy?.version.id,
      createdAt: copy?.version.createdAt,
      status: copy?.version.status,
      concurrency: 4,
    });
    expect(copy?.content).toBe(old?.content);
    expect(logged).toEqual(['Function "talk-dev-chat" has a version with its concurrency']);
  });

  it('leaves a version that is right already', async () => {
    for (const [concurrency, version] of [
      [1, {}],
      [4, { concurrency: 4 }],
    ] as const) {
      const { run, logged } = service({ [`fn${concurrency}`]: { concurrency } }, { version });
      await run('deploy:deploy');
      expect(versionsOf(`fn${concurrency}`)).toHaveLength(1);
      expect(logged).toEqual([]);
    }
  });
});

describe('info', () => {
  it('prints the addresses of what is there', async () => {
    const { run, printed } = service();
    await run('info:info');
    expect(printed).toEqual([]);
    await run('deploy:deploy');
    await run('info:info');
    expect(printed).toEqual([printed[0], printed[0]]);
  });
});

describe('remove', () => {
  it('removes what the service made, and nothing else', async () => {
    await service().run('deploy:deploy');
    addGateway(cloud, 'somebody-elses');
    addGateway(cloud, 'another-service', { 'managed-by': 'yc-broadcast', service: 'board', stage: 'dev' });
    addGateway(cloud, 'another-stage', { 'managed-by': 'yc-broadcast', service: 'talk', stage: 'prod' });
    // As it is in the file by now: what was deployed counts.
    const { run, logged } = service({ renamed: CHAT });
    await run('remove:remove');
    expect(logged).toEqual(['Websocket gateway "talk-dev-chat" removed']);
    const left = gateways().map(({ gateway }) => gateway.name);
    expect(left).toEqual(['somebody-elses', 'another-service', 'another-stage']);
    await run('remove:remove');
    expect(gateways()).toHaveLength(3);
  });
});

describe('what goes wrong', () => {
  it('leaves a gateway alone that somebody else gave the name', async () => {
    addGateway(cloud, 'talk-dev-chat');
    await expect(service().run('deploy:deploy')).rejects.toThrow(
      "the gateway 'talk-dev-chat' was not made by this service, so it is left alone; rename it, or the function",
    );
    expect(gateways()[0]?.spec).toBe('');
  });

  it('says when the provider made no new version, since it does not fail itself', async () => {
    await service().run('deploy:deploy');
    await expect(service(undefined, { deployed: [] }).run('deploy:deploy')).rejects.toThrow(
      "made no new version of 'talk-dev-chat'; see its error above",
    );
  });

  it('says when the provider made no service account', async () => {
    cloud.accounts.clear();
    await expect(service().run('deploy:deploy')).rejects.toThrow(
      "the folder has no service account 'invoker'",
    );
    expect(gateways()).toEqual([]);
  });

  it.each(['call', 'operation'] as const)('passes on what the cloud says of a failed %s', async (place) => {
    const failure = { code: status.RESOURCE_EXHAUSTED, message: 'Quota limit: apigateways.', in: place };
    cloud.failures.set('ApiGatewayService/Create', failure);
    await expect(service().run('deploy:deploy')).rejects.toThrow(
      'RATE_LIMITED: ApiGatewayService/Create ended with RESOURCE_EXHAUSTED: Quota limit: apigateways',
    );
    // The next try goes on from there.
    await service().run('deploy:deploy');
    expect(gateways()).toHaveLength(1);
  });

  it('says how to get a new token, and not what the old one was', async () => {
    const refused = service(undefined, { credentials: { iamToken: 't1.wrong' } }).run('deploy:deploy');
    const error = await refused.catch((reason: unknown) => reason as Error);
    expect(String(error)).toContain(
      'UNAUTHENTICATED: The token is invalid. A new token: export YC_IAM_TOKEN=$(yc',
    );
    expect(String(error)).not.toContain('wrong');
  });

  it('says when nobody answers', async () => {
    cloud.close();
    await expect(service().run('deploy:deploy')).rejects.toThrow(
      /^GATEWAY_UNAVAILABLE: FunctionService\/List ended with UNAVAILABLE: no connection to localhost:\d+: connect ECONNREFUSED/,
    );
  });

  it.each([
    [502, 'HTTP status 502'],
    [200, 'HTTP status 200'],
  ])('says when something else answers, with %i', async (code, problem) => {
    const server = createSecureServer(certificate, (_request, response) => {
      response.writeHead(code).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    process.env['YC_ENDPOINT'] = `localhost:${(server.address() as AddressInfo).port}`;
    await expect(service().run('deploy:deploy')).rejects.toThrow(
      `GATEWAY_UNAVAILABLE: FunctionService/List ended with UNAVAILABLE: ${problem}`,
    );
    server.close();
  });

  it('says which plugin comes first', () => {
    const options = { folderId: '', credentials: {}, functions: {}, definitions: {} };
    expect(() => fakeServerless(plugin, options)).toThrow(
      'plugins: - @yandex-cloud/serverless-plugin comes before - yc-broadcast/serverless',
    );
  });

  it('wants the provider it completes', async () => {
    await expect(service(undefined, { credentials: {} }).run('deploy:deploy')).rejects.toThrow(
      'provider: expected @yandex-cloud/serverless-plugin 1.7 with a token and a folder',
    );
  });

  it.each([
    [{ path: 'ws', account: 'invoker' }, 'functions.chat.events.websocket.path: '],
    [
      { path: '/ws', account: 'a', http: ['/ws'] },
      'functions.chat.events.websocket.http: /ws is a WebSocket path',
    ],
    [{ path: '/ws' }, 'functions.chat.events.websocket.account: '],
    [{ path: '/ws', account: 'a', pth: 1 }, 'functions.chat.events.websocket: Unrecognized key: "pth"'],
    [
      { path: '/ws', account: 'a', authorizer: { function: 'nobody', in: 'query', name: 'token' } },
      "functions.chat.events.websocket.authorizer: there is no function 'nobody'",
    ],
  ])('names the place in serverless.yaml of %j', async (websocket, problem) => {
    await expect(service({ chat: { events: [{ websocket }] } }).run('deploy:deploy')).rejects.toThrow(
      problem,
    );
  });

  it('refuses paths of one function with accounts of their own', async () => {
    const events = ['/a', '/b'].map((path) => ({ websocket: { path, account: `of${path.slice(1)}` } }));
    await expect(service({ chat: { events } }).run('deploy:deploy')).rejects.toThrow('share one gateway');
  });

  it.each([0, 17, 1.5, '4'])('refuses a concurrency of %j', async (concurrency) => {
    await expect(service({ chat: { concurrency } }).run('deploy:deploy')).rejects.toThrow(
      'functions.chat.concurrency: ',
    );
  });
});
