/**
 * serverless.yaml and the plugin in the real Serverless Framework, deployed to a stand-in of the cloud's API.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { status } from '@grpc/grpc-js';
import { parse } from 'yaml';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { localCertificate } from '../support/certificate.js';
import { enter } from '../support/chat.js';
import { addGateway } from '../support/cloud-api/seed.js';
import { startQueueApi, type QueueApi } from '../support/cloud-api/queues.js';
import { IAM_TOKEN, startCloudApi, type CloudApi } from '../support/cloud-api/server.js';
import { startWayIn, type WayIn } from '../support/cloud-api/way-in.js';
import { temporaryProject } from '../support/cli.js';
import { documentedRoles } from '../support/deploy-roles.js';
import { frameworkRequire, hasFramework, projectRoot, serverless } from '../support/serverless-framework.js';

const OPERATIONS = 'operation.api.cloud.yandex.net';
const DATABASES = 'https://docapi.serverless.yandexcloud.net/ru-central1/b1g';
const SETTINGS = {
  ORIGINS: 'http://chat.test',
  CHAT_YDB_ENDPOINT: `${DATABASES}/etnchat`,
  NOTIFICATIONS_YDB_ENDPOINT: `${DATABASES}/etnnotifications`,
  NOTIFY_SECRET: 'signs-what-is-published',
};
const folder = mkdtempSync(join(tmpdir(), 'serverless-framework-test-'));
const describeIfInstalled = hasFramework() ? describe : describe.skip;

afterAll(() => {
  for (const path of [folder, join(projectRoot, '.serverless')])
    rmSync(path, { recursive: true, force: true });
});

/** Unpacks with what the framework itself uses. */
async function unpack(archive: Buffer): Promise<string> {
  type File = { unixPermissions: number; async(type: 'nodebuffer'): Promise<Buffer> };
  type Zip = { files: Record<string, File> };
  const { loadAsync } = frameworkRequire('jszip') as { loadAsync(archive: Buffer): Promise<Zip> };
  const out = mkdtempSync(join(folder, 'archive-'));
  for (const [name, file] of Object.entries((await loadAsync(archive)).files)) {
    mkdirSync(dirname(join(out, name)), { recursive: true });
    writeFileSync(join(out, name), await file.async('nodebuffer'), { mode: file.unixPermissions & 0o777 });
  }
  return out;
}

/** A service with one function that has these settings. */
function serviceWith(settings: string): string {
  return `service: talk
configValidationMode: error
provider: { name: yandex-cloud, runtime: nodejs22 }
plugins: ['@yandex-cloud/serverless-plugin', yc-broadcast/serverless]
functions: { chat: { handler: src/handler.handler, ${settings} } }
`;
}

/**
 * What docs/deploy.md says that a deploy prints. Several things are made at the same time, so the order is
 * not compared.
 */
function documentedOutput(): string[] {
  const page = readFileSync(join(projectRoot, 'docs/deploy.md'), 'utf8');
  const [, block = ''] = /^serverless deploy\n```\n\n```text\n([\s\S]*?)^```/m.exec(page) ?? [];
  return block.trim().split('\n').sort();
}

/** With dots where every deploy prints something else. */
function withoutIds(output: string): string[] {
  const text = output
    .replace(/\d+ KB/g, '… KB')
    .replace(/\baje\w+/g, 'aje…')
    .replace(/d5d\w+\.\w+\./g, 'd5d….')
    .replace(/http:\/\/127\.0\.0\.1:\S+\//g, 'https://message-queue.api.cloud.yandex.net/…/');
  return text.trim().split('\n').sort();
}

describeIfInstalled('offline', () => {
  it('serverless print accepts serverless.yaml, which leaves nothing to be guessed', async () => {
    const { code, printed, logged } = await serverless(['print'], { env: SETTINGS });
    expect([code, logged]).toEqual([0, '']);
    expect(parse(printed)).toMatchObject({
      configValidationMode: 'error',
      provider: { name: 'yandex-cloud', runtime: 'nodejs22' },
      functions: {
        chat: { name: 'examples-dev-chat', concurrency: 4, environment: { ORIGINS: SETTINGS.ORIGINS } },
        notifications: { environment: { NOTIFY_SECRET: SETTINGS.NOTIFY_SECRET } },
      },
    });
  });

  it('serverless package makes an archive with the bundle, its map and what marks it as ES modules', async () => {
    const { code, logged } = await serverless(['package'], { env: SETTINGS });
    expect([code, logged]).toEqual([0, expect.stringMatching(/Function "chat" bundled, \d+ KB packed/)]);
    const out = await unpack(readFileSync(join(projectRoot, '.serverless/chat.zip')));
    expect(JSON.parse(readFileSync(join(out, 'package.json'), 'utf8'))).toMatchObject({ type: 'module' });
    expect(readFileSync(join(out, 'package-lock.json'), 'utf8')).toContain('"lockfileVersion":3');
    expect(readFileSync(join(out, 'index.js'), 'utf8')).toMatch(/\/\/# sourceMappingURL=index\.js\.map\n$/);
    expect(JSON.parse(readFileSync(join(out, 'index.js.map'), 'utf8'))).toHaveProperty('mappings');
    expect(statSync(join(out, 'index.js')).mode & 0o777).toBe(0o644);
  });

  it('serverless print refuses what the plugin would not understand', async () => {
    const settings =
      'concurrency: 17, bundle: { externals: [pg] }, events: [{ websocket: { path: ws, account: a } }]';
    const { path, remove } = temporaryProject({ 'serverless.yml': serviceWith(settings) });
    const { code, printed } = await serverless(['print'], { cwd: path });
    remove();
    expect(code).toBe(1);
    expect(printed).toContain("at 'functions.chat.concurrency': must be <= 16");
    expect(printed).toContain("at 'functions.chat.bundle': unrecognized property 'externals'");
    expect(printed).toContain("at 'functions.chat.events.0.websocket.path': must match pattern");
  });

  it('gives service accounts no role that docs/deploy.md does not list', () => {
    const { resources } = parse(readFileSync(join(projectRoot, 'serverless.yaml'), 'utf8')) as {
      resources: Record<string, { type: string; roles?: string[] }>;
    };
    const given = Object.values(resources).flatMap(({ roles = [] }) => roles);
    const listed = new Set(documentedRoles().map(({ role }) => role));
    expect(given.filter((role) => !listed.has(role))).toEqual([]);
  });
});

describeIfInstalled('against the stand-in of the cloud', () => {
  let cloud: CloudApi;
  let queues: QueueApi;
  let wayIn: WayIn;
  let addresses = '';

  beforeAll(async () => {
    const certificate = await localCertificate(OPERATIONS);
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, certificate.cert);
    cloud = await startCloudApi(certificate, 0);
    queues = await startQueueApi(cloud.folderId);
    wayIn = await startWayIn({ [`${OPERATIONS}:443`]: Number(cloud.endpoint.split(':')[1]) });
    addGateway(cloud, 'somebody-elses');
    environment = {
      ...SETTINGS,
      YC_IAM_TOKEN: IAM_TOKEN,
      YC_FOLDER_ID: cloud.folderId,
      YC_ENDPOINT: cloud.endpoint,
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: ca,
      NODE_EXTRA_CA_CERTS: ca,
      SQS_ENDPOINT: queues.endpoint,
      AWS_ACCESS_KEY_ID: 'YCAJE',
      AWS_SECRET_ACCESS_KEY: 'YCsecret',
      // The provider's plugin asks about operations at the cloud's own address, whatever YC_ENDPOINT says.
      grpc_proxy: wayIn.url,
      no_grpc_proxy: 'localhost',
    };
  });

  afterAll(() => {
    for (const server of [cloud, queues, wayIn]) server.close();
  });

  let environment: NodeJS.ProcessEnv = {};
  const run = (command: string) => serverless([command], { env: environment });
  const functionOf = (key: string) =>
    [...cloud.functions.values()].find(({ definition }) => definition.name === `examples-dev-${key}`);
  const versionsOf = (key: string) => functionOf(key)?.versions ?? [];
  const made = () => ({
    functions: [...cloud.functions.values()].map(({ definition }) => definition.name).sort(),
    gateways: [...cloud.gateways.values()].map(({ gateway }) => gateway.name),
    accounts: [...cloud.accounts.values()].map(({ account }) => account.name).sort(),
    triggers: [...cloud.triggers.values()].map(({ name }) => name).sort(),
    queues: [...queues.queues],
  });

  const EVERYTHING = {
    functions: ['examples-dev-chat', 'examples-dev-notifications'],
    gateways: ['somebody-elses', 'examples-dev-chat', 'examples-dev-notifications'],
    accounts: ['examples-caller', 'examples-chat', 'examples-notifications'],
    triggers: ['examples-dev-chat-ymq', 'examples-dev-notifications-cron'],
    queues: ['examples-jobs'],
  };

  it('serverless deploy makes all that the examples need, and prints where they are', async () => {
    const { code, printed, logged } = await run('deploy');
    expect([code, made()]).toEqual([0, EVERYTHING]);
    expect(printed).toMatch(/^(wss:\/\/d5d\w+\.\w+\.apigw\.yandexcloud\.net\/ws\n){2}$/);
    expect(withoutIds(logged + printed)).toEqual(documentedOutput());
    expect(printed + logged).not.toMatch(/secret|signs-what/);
    addresses = printed;
    const [, current] = versionsOf('chat');
    expect(current?.version).toMatchObject({
      runtime: 'nodejs22',
      entrypoint: 'index.handler',
      concurrency: 4,
      environment: { ORIGINS: SETTINGS.ORIGINS, YC_BROADCAST_YDB_ENDPOINT: SETTINGS.CHAT_YDB_ENDPOINT },
      resources: { memory: 268_435_456 },
      executionTimeout: { seconds: 20 },
    });
  });

  /**
   * A local gateway with what was deployed: the specification that the cloud has, and the code in the
   * archive.
   */
  async function runDeployed(key: string, env: NodeJS.ProcessEnv): Promise<Emulator> {
    const name = `examples-dev-${key}`;
    const deployed = [...cloud.gateways.values()].find(({ gateway }) => gateway.name === name);
    const spec = join(folder, `${key}.json`);
    writeFileSync(spec, deployed?.spec ?? '');
    const out = await unpack(versionsOf(key).at(-1)?.content ?? Buffer.alloc(0));
    const functionId = functionOf(key)?.definition.id ?? '';
    return startEmulator({
      spec,
      store: true,
      functions: {
        [functionId]: { entry: join(out, 'index.js'), env: { ORIGINS: SETTINGS.ORIGINS, ...env } },
      },
    });
  }

  it('what was deployed is the chat, in the local gateway', async () => {
    const emulator = await runDeployed('chat', {});
    const [anna, boris] = [await enter(emulator, 'Anna'), await enter(emulator, 'Boris')];
    await anna.ask('join', { room: 'lobby' });
    await boris.ask('join', { room: 'lobby' });
    await anna.ask('say', { room: 'lobby', text: 'hello' });
    expect((await boris.hear('said')).data).toMatchObject({ room: 'lobby', text: 'hello' });
    await emulator.stop();
  });

  it('what was deployed takes orders for notifications, in the local gateway', async () => {
    const emulator = await runDeployed('notifications', { NOTIFY_SECRET: SETTINGS.NOTIFY_SECRET });
    const env = { NOTIFY_URL: `${emulator.url}/notify`, NOTIFY_SECRET: SETTINGS.NOTIFY_SECRET };
    const args = ['examples/notifications/publish.js', 'anna', 'Deployed', 'It works.'];
    const { stdout } = await promisify(execFile)('node', args, {
      cwd: projectRoot,
      env: { ...process.env, ...env },
    });
    expect(stdout).toMatch(/^200 .*"kept":1/);
    await emulator.stop();
  });

  it('a second deploy updates, and the addresses stay', async () => {
    const { code, printed } = await run('deploy');
    expect([code, printed, made()]).toEqual([0, addresses, EVERYTHING]);
    expect(versionsOf('chat').map(({ version }) => version.concurrency)).toEqual([0, 4, 0, 4]);
    const [first, ...others] = versionsOf('chat').map(({ content }) => content);
    expect(others.every((content) => content?.equals(first ?? Buffer.alloc(0)))).toBe(true);
    const { printed: info } = await run('info');
    expect(info).toContain(addresses);
  });

  it('a deploy that fails in the provider fails, instead of ending as if all was well', async () => {
    const failure = { code: status.INVALID_ARGUMENT, message: 'Bad code', in: 'operation' } as const;
    cloud.failures.set('FunctionService/CreateVersion', failure);
    const { code, printed, logged } = await run('deploy');
    expect(code).toBe(1);
    expect(logged).toContain('Bad code');
    expect(printed).toMatch(/made no new version of 'examples-dev-.*; see its error above/);
  });

  it('serverless remove leaves what others made', async () => {
    const { code, logged } = await run('remove');
    expect(logged).toMatch(/Websocket gateway "examples-dev-chat" removed/);
    expect([code, made()]).toEqual([
      0,
      { functions: [], gateways: ['somebody-elses'], accounts: [], triggers: [], queues: [] },
    ]);
  });
});
