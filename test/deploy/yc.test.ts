/**
 * deploy/yc against stand-ins of `yc` and `aws` that know their flags; what it deploys runs in the local
 * gateway.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { enter } from '../support/chat.js';
import { documentedRoles } from '../support/deploy-roles.js';
import {
  fakeCloud,
  type CloudResource,
  type FakeCloud,
  type ScriptRun,
} from '../support/fake-cloud/index.js';
import { requireProgram } from '../support/servers.js';

const SETTINGS = {
  ORIGINS: 'http://chat.test https://chat.example',
  EXTERNAL: 'pg ioredis',
  VARIABLES: 'TITLE=Chat',
  HTTP_PATHS: '/notify',
  QUEUE: 'yes',
  BROADCAST_PATH: '/ws',
  TIMER: '0 9 * * ? *',
  SECRETS: 'NOTIFY_SECRET=e6qown/signing-key',
};
const HANDLER = 'examples/chat/handler.ts';

let database: Emulator;
let cloud: FakeCloud;
let first: ScriptRun;

beforeAll(async () => {
  database = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) }, store: true });
  cloud = fakeCloud(database.store?.endpoint ?? '');
  cloud.addSecret('e6qown', 'own');
  first = await cloud.run('deploy.sh', [HANDLER], SETTINGS);
});

afterAll(async () => {
  cloud.remove();
  await database.stop();
});

function made(kind: string, name = 'chat'): CloudResource {
  const found = cloud.state().resources.find((one) => one.kind === kind && one.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

const names = (): string[] =>
  cloud
    .state()
    .resources.map(({ kind, name }) => `${kind} ${name}`)
    .sort();

describe('deploy/yc/deploy.sh', () => {
  it('prints where clients connect, and nothing else to its output', () => {
    expect(first.stderr).not.toContain('ERROR');
    expect(first.code).toBe(0);
    expect(first.stdout).toBe('wss://d5dchat.abcd1234.apigw.yandexcloud.net/ws\n');
  });

  it('makes a function of the current runtime that can reach its store and its queues', () => {
    expect(made('serverless function').version).toMatchObject({
      runtime: ['nodejs22'],
      entrypoint: ['index.handler'],
      concurrency: ['4'],
      'execution-timeout': ['60s'],
      'service-account-id': ['ajechat'],
      'log-group-id': ['e23chat'],
      environment: {
        ORIGINS: SETTINGS.ORIGINS,
        TITLE: 'Chat',
        YC_BROADCAST_YDB_ENDPOINT: database.store?.endpoint,
        YC_BROADCAST_QUEUE_URL: expect.stringMatching(/\/chat-jobs$/),
        YC_BROADCAST_QUEUE_URL_LIVE: expect.stringMatching(/\/chat-live$/),
      },
      secret: [
        'environment-variable=YC_BROADCAST_QUEUE_ACCESS_KEY_ID,id=e6qchatqueuekey,key=access_key_id',
        'environment-variable=YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY,id=e6qchatqueuekey,key=secret_access_key',
        'environment-variable=NOTIFY_SECRET,id=e6qown,key=signing-key',
      ],
    });
  });

  it('gives the roles that docs/deploy.md lists, each on what it lists, and no other', () => {
    const given = cloud.state().bindings.map(({ role_id, kind, subject }) => ({
      role: role_id,
      on: kind.split(/[ -]/).at(-1),
      to: subject.id === 'ajechat' ? 'app' : subject.id.replace('ajechat', ''),
    }));
    const byRole = (a: { role: string }, b: { role: string }): number => a.role.localeCompare(b.role);
    // The queue's key and the app's own secret.
    const [viewer] = documentedRoles().filter(({ role }) => role === 'lockbox.payloadViewer');
    const documented = [...documentedRoles(), ...(viewer === undefined ? [] : [viewer])];
    expect(given.sort(byRole)).toEqual(documented.sort(byRole));
  });

  it('sets jobs aside that fail again and again, after the longest call', () => {
    const { queues } = cloud.state();
    expect(Object.keys(queues).sort()).toEqual(['chat-dead-jobs', 'chat-jobs', 'chat-live']);
    expect(queues['chat-jobs']?.['VisibilityTimeout']).toBe('90');
    expect(JSON.parse(queues['chat-jobs']?.['RedrivePolicy'] ?? '')).toEqual({
      deadLetterTargetArn: 'yrn:yc:ymq:ru-central1:b1gfolder:chat-dead-jobs',
      maxReceiveCount: 3,
    });
  });

  it('lets the queues and the clock call', () => {
    expect(made('serverless trigger', 'chat-jobs').flags).toMatchObject({
      queue: ['yrn:yc:ymq:ru-central1:b1gfolder:chat-jobs'],
      'batch-size': ['1'],
      'invoke-function-id': ['d4echat'],
    });
    expect(made('serverless trigger', 'chat-live').flags).toMatchObject({
      'gateway-id': ['d5dchat'],
      'gateway-websocket-broadcast-path': ['/ws'],
    });
    expect(made('serverless trigger', 'chat-timer').flags).toMatchObject({
      'cron-expression': ['0 9 * * ? *'],
    });
  });

  it('shows no key and no token, in its output or to other processes', () => {
    for (const secret of ['YCPsecret1', 't1.token-of-the-person'])
      for (const place of [first.stdout, first.stderr, cloud.calls()]) expect(place).not.toContain(secret);
  });

  it('deploys what is the chat in the local gateway', async () => {
    const { id, version } = made('serverless function');
    await using gateway = await startEmulator({
      spec: join(cloud.folder, 'gateway.yaml'),
      functions: { [id]: { entry: join(cloud.folder, id, 'index.js'), env: { ...version?.environment } } },
    });
    const answer = await fetch(`${gateway.endpoint}/notify`, { method: 'POST' });
    expect(await answer.text()).toContain('INVALID_EVENT'); // the function's: the chat has no HTTP paths
    const anna = await enter(gateway, 'Anna');
    const boris = await enter(gateway, 'Boris');
    await anna.ask('join', { room: 'lobby' });
    await boris.ask('join', { room: 'lobby' });
    await anna.ask('say', { room: 'lobby', text: 'hello' });
    expect((await boris.hear('said')).data).toMatchObject({ room: 'lobby', text: 'hello' });
  });

  it('run again keeps what is there, makes a version, and changes what is set otherwise', async () => {
    const before = { names: names(), bindings: cloud.state().bindings, keys: cloud.state().keys };
    const again = await cloud.run('deploy.sh', [HANDLER], { ...SETTINGS, TIMER: '0 8 * * ? *' });
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 0, stdout: first.stdout });
    expect(again.stderr).not.toMatch(/^created {2}(?!version)/m);
    expect({ names: names(), bindings: cloud.state().bindings, keys: cloud.state().keys }).toEqual(before);
    expect(made('serverless trigger', 'chat-timer').flags['cron-expression']).toEqual(['0 8 * * ? *']);
  });

  it.each([
    [[], {}, 'which handler? deploy.sh src/handler.ts', 2],
    [[HANDLER], {}, "deploy: which pages may connect? ORIGINS='https://chat.example'", 1],
    [
      [HANDLER],
      { ORIGINS: 'https://a.example,https://b.example' },
      'deploy: yc splits variables at commas',
      1,
    ],
    [
      [HANDLER],
      { ORIGINS: 'https://a.example', SECRETS: 'NOTIFY_SECRET=abc' },
      "deploy: SECRETS: 'NOTIFY_SECRET=abc' has to be VARIABLE=<id of the Lockbox secret>/<key>",
      1,
    ],
    [['test/nothing.ts'], { ORIGINS: 'https://a.example' }, 'test/nothing.ts', 1],
  ])('%j with %j is refused before anything is made', async (args, env, problem, code) => {
    const empty = fakeCloud('');
    const run = await empty.run('deploy.sh', args, env);
    expect(run.stderr).toContain(problem);
    expect(run.code).toBe(code);
    expect(empty.state().resources).toEqual([]);
    empty.remove();
  });

  it('stops at the first command that fails, and says that it may be run again', async () => {
    const strict = fakeCloud('');
    const env = { ORIGINS: 'http://chat.test', FAKE_CLOUD_REFUSES: 'logging group create' };
    const run = await strict.run('deploy.sh', [HANDLER], env);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain(
      'ERROR: code = PermissionDenied\ndeploy: the last step failed. Run it again',
    );
    expect(strict.state().resources.map(({ kind }) => kind)).toEqual([
      'iam service-account',
      'iam service-account',
    ]);
    strict.remove();
  });
});

describe('deploy/yc/remove.sh', () => {
  it('takes away all but the database, and that when asked to', async () => {
    const removal = await cloud.run('remove.sh', []);
    expect(removal).toMatchObject({ code: 0, stdout: '' });
    expect(removal.stderr).not.toContain('removed  lockbox secret own');
    expect(names()).toEqual(['lockbox secret own', 'ydb database chat']);
    expect(cloud.state()).toMatchObject({ keys: [], queues: {} });
    expect(cloud.state().bindings.filter(({ kind }) => kind === 'resource-manager folder')).toEqual([]);
    expect((await cloud.run('remove.sh', ['--with-data'])).code).toBe(0);
    expect(names()).toEqual(['lockbox secret own']);
  });

  it('does nothing to an empty folder, and nothing when the call is wrong', async () => {
    expect(await cloud.run('remove.sh', [])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await cloud.run('remove.sh', ['--all'])).toMatchObject({ code: 2 });
  });
});

const shellcheck = requireProgram('shellcheck', 'apt-get install shellcheck');

(shellcheck === undefined ? it.skip : it)('the scripts are what shellcheck likes', () => {
  const scripts = readdirSync('deploy/yc').filter((name) => name.endsWith('.sh'));
  expect(scripts.length).toBe(5);
  const paths = scripts.map((name) => `deploy/yc/${name}`);
  expect(execFileSync(shellcheck ?? '', ['--external-sources', ...paths], { encoding: 'utf8' })).toBe('');
  for (const path of paths) expect(readFileSync(path, 'utf8')).not.toMatch(/\t| $/m);
});
