/** `yc-broadcast conformance`, as a user calls it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeFile } from '../../src/conformance/run/local.js';
import { probeSpec } from '../../src/conformance/spec.js';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import { localCertificate } from '../support/certificate.js';
import { startCli, runCli } from '../support/cli.js';
import { startQueueApi } from '../support/cloud-api/queues.js';
import { IAM_TOKEN, startCloudApi } from '../support/cloud-api/server.js';

const folder = mkdtempSync(join(tmpdir(), 'conformance-cli-'));
const file = (name: string): string => join(folder, name);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const cli = startCli(args, env, folder);
  return { code: await cli.exited, output: cli.output() };
}

describe('conformance', () => {
  it('has help that fits 80 columns', async () => {
    const { code, output } = await runCli('conformance', '--help');
    expect(code).toBe(0);
    expect(Math.max(...output.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it.each([
    [['conformance'], 'expected deploy, run, report, remove'],
    [['conformance', 'run'], 'expected either --local or --url'],
    [['conformance', 'run', '--local', '--idle'], 'belong to --url'],
    [['conformance', 'run', '--local', '--case', 'order.none'], "there is no case 'order.none'"],
    [['conformance', 'run', '--url', 'https://x?key=secret'], '--url: expected an address such as wss://'],
    [['conformance', 'deploy'], '--folder is missing'],
    [['conformance', 'remove', '--folder', 'My folder'], '--folder: expected the id of a folder'],
  ])('%j is a wrong call, and says what is right', async (args, message) => {
    const { code, output } = await runCli(...args);
    expect(code).toBe(2);
    expect(output).toContain(message);
    expect(output).not.toContain('secret');
  });

  it('runs cases against the local gateway, set to a profile or not', async () => {
    const cases = ['--case', 'close.after-disconnect', '--case', 'billing.pings'];
    const plain = await run(['conformance', 'run', '--local', ...cases]);
    expect(plain.output).toContain('closed with 1000');
    expect(plain.output).toContain('1 as assumed, 1 skipped.');
    expect(plain.code).toBe(0);
    const profile = {
      version: 1,
      date: '2026-11-30',
      cases: { 'close.after-disconnect': { seen: 'closed with 1011' } },
    };
    writeFileSync(file('other.json'), JSON.stringify(profile));
    const set = await run(['conformance', 'run', '--local', ...cases, '--profile', 'other.json']);
    expect(set.output).toContain('closed with 1011');
    expect(set.code).toBe(0);
  });

  it('sets dev to a profile, which says once what it cannot follow', async () => {
    const cases = { 'handshake.compression': { seen: 'permessage-deflate' } };
    writeFileSync(file('dev.json'), JSON.stringify({ version: 1, date: '2026-11-30', cases }));
    writeFileSync(file('ws.js'), 'export const handler = () => ({ statusCode: 200 });\n');
    const args = ['dev', 'ws.js', '--port', '0', '--no-redirect', '--profile', 'dev.json'];
    const dev = startCli(args, {}, folder);
    await dev.printed(/Ctrl-C stops it/);
    expect(dev.output().match(/handshake\.compression was seen as/g)).toHaveLength(1);
    dev.signal('SIGINT');
    expect(await dev.exited).toBe(0);
    const missing = await run(['dev', 'ws.js', '--profile', 'none.json']);
    expect(missing.output).toContain("--profile: 'none.json' cannot be read");
    writeFileSync(file('broken.json'), '{}');
    const broken = await run(['dev', 'ws.js', '--profile', 'broken.json']);
    expect(broken.output).toContain('broken.json.version: ');
  });

  it('says where a profile comes from when there is none', async () => {
    const { code, output } = await run(['conformance', 'report']);
    expect(code).toBe(1);
    expect(output).toContain('there is no conformance-profile.json; yc-broadcast conformance run --url');
  });
});

describe('conformance run --url', () => {
  let gateway: Emulator;

  beforeAll(async () => {
    const source = { entry: probeFile(), env: { PROBE_KEY: 'secret-key' } };
    gateway = await startEmulator({
      spec: probeSpec({
        functionId: 'one',
        sharedFunctionId: 'two',
        serviceAccountId: 'x',
        queues: { folderId: 'x', workUrl: 'x', liveUrl: 'x' },
      }),
      functions: { one: source, two: source },
      tls: true,
    });
    writeFileSync(file('ca.pem'), gateway.tls?.ca ?? '');
  });

  afterAll(async () => {
    await gateway.stop();
  });

  const env = () => ({
    YC_TOKEN: 'secret-token',
    YC_BROADCAST_ENDPOINT: gateway.tls?.endpoint ?? '',
    YC_BROADCAST_CA: file('ca.pem'),
  });
  const urlWith = (key: string) => `wss://localhost:${gateway.tls?.port ?? 0}?key=${key}`;

  it('asks a deployed function, and writes a profile and a report without secrets', async () => {
    const cases = ['type.json', 'close.after-disconnect', 'send.foreign', 'send.long-id', 'broadcast.frame'];
    const args = [
      'conformance',
      'run',
      '--url',
      urlWith('secret-key'),
      ...cases.flatMap((id) => ['--case', id]),
    ];
    const { code, output } = await run(args, env());
    // The local gateway does not put requests on queues.
    expect(output).toMatch(/broadcast.frame +putting a message on the queue was answered\s+with 501/);
    expect(output).toMatch(/send.foreign +needs --foreign/);
    expect(code).toBe(1);
    const profile = readFileSync(file('conformance-profile.json'), 'utf8');
    expect(JSON.parse(profile)).toMatchObject({
      version: 1,
      cases: {
        'type.json': { seen: 'text' },
        'close.after-disconnect': { seen: 'closed with 1000' },
        'send.long-id': { seen: 'HTTP 400, gRPC 3' },
      },
    });
    const report = await run(['conformance', 'report']);
    expect(report.output).toContain('0 differ, 3 as assumed');
    for (const text of [output, profile, report.output]) expect(text).not.toContain('secret');
  });

  it('says what is wrong with a wrong key', async () => {
    const { code, output } = await run(['conformance', 'run', '--url', urlWith('wrong')], env());
    expect(code).toBe(1);
    expect(output).toContain(
      'answered with 403; the key in the address is not that of the deployed function',
    );
  });
});

describe('conformance deploy and remove', () => {
  it('print the address, and leave nothing behind', async () => {
    const certificate = await localCertificate();
    const cloud = await startCloudApi(certificate, 0);
    const queues = await startQueueApi(cloud.folderId);
    writeFileSync(file('cloud.pem'), certificate.cert);
    const env = {
      YC_TOKEN: IAM_TOKEN,
      YC_ENDPOINT: cloud.endpoint,
      YC_MESSAGE_QUEUE_ENDPOINT: queues.endpoint,
      YC_BROADCAST_CA: file('cloud.pem'),
    };
    try {
      const args = ['--folder', cloud.folderId];
      const deployed = await run(['conformance', 'deploy', ...args, '--profile', 'deployed.json'], env);
      expect(deployed.output).toMatch(/conformance run --url 'wss:\/\/[\w.]+\?key=[0-9a-f]{32}'/);
      expect(deployed.output).not.toContain(IAM_TOKEN);
      expect(deployed.code).toBe(0);
      expect(JSON.parse(readFileSync(file('deployed.json'), 'utf8'))).toMatchObject({
        cases: { 'version.with-lock': { seen: 'made' }, 'version.without-lock': { seen: 'refused' } },
      });
      const removed = await run(['conformance', 'remove', ...args], env);
      expect(removed).toMatchObject({ code: 0, output: expect.stringContaining('Removed.') as unknown });
      const { gateways, functions, accounts, triggers, keys } = cloud;
      for (const left of [gateways, functions, accounts, triggers, keys, queues.queues])
        expect(left.size).toBe(0);
    } finally {
      cloud.close();
      queues.close();
    }
  });
});
