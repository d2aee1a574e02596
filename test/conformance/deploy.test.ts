/**
 * The suite's resources in the cloud, against a stand-in of its API: what is made is found again, and goes
 * again.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { deployProbe } from '../../src/conformance/cloud/deploy.js';
import { queueService } from '../../src/conformance/cloud/queues.js';
import { removeDeployed } from '../../src/conformance/cloud/remove.js';
import type { DeployTarget } from '../../src/conformance/cloud/with-queues.js';
import { createCloud } from '../../src/deploy/serverless/cloud/cloud.js';
import { localCertificate, type Certificate } from '../support/certificate.js';
import { startQueueApi, type QueueApi } from '../support/cloud-api/queues.js';
import { addAccount, addGateway, deployVersion } from '../support/cloud-api/seed.js';
import { IAM_TOKEN, startCloudApi, type CloudApi } from '../support/cloud-api/server.js';

const folder = mkdtempSync(join(tmpdir(), 'conformance-test-'));
let certificate: Certificate;
let api: CloudApi;
let queueApi: QueueApi;

beforeAll(async () => {
  certificate = await localCertificate();
  writeFileSync(join(folder, 'ca.pem'), certificate.cert);
  process.env['YC_BROADCAST_CA'] = join(folder, 'ca.pem');
});

beforeEach(async () => {
  api = await startCloudApi(certificate, 0);
  const isKey = (authorization: string) =>
    [...api.keys.values()].some(({ keyId }) => authorization.includes(`Credential=${keyId}/`));
  queueApi = await startQueueApi(api.folderId, isKey);
});

afterEach(() => {
  api.close();
  queueApi.close();
});

afterAll(() => {
  Reflect.deleteProperty(process.env, 'YC_BROADCAST_CA');
  rmSync(folder, { recursive: true, force: true });
});

function target(): DeployTarget {
  const { endpoint, folderId } = api;
  return {
    cloud: createCloud({ folderId, credentials: { iamToken: IAM_TOKEN }, endpoint, pollMs: 1 }),
    queues: (key) => queueService(key, queueApi.endpoint, 1),
    onStep: () => undefined,
  };
}

/** Names and roles of all that there is. */
function everything() {
  const { gateways, functions, accounts, triggers, keys } = api;
  return {
    gateways: [...gateways.values()].map(({ gateway }) => gateway.name),
    functions: [...functions.values()].map(({ definition }) => definition.name),
    accounts: [...accounts.values()].map(({ account, roles }) => [account.name, ...roles]),
    triggers: [...triggers.values()].map(({ name }) => name),
    keys: keys.size,
    queues: [...queueApi.queues],
  };
}

const NAME = 'yc-broadcast-conformance';

describe('conformance deploy', () => {
  it('makes the function twice, a gateway, queues and triggers, and no key that stays', async () => {
    const { url } = await deployProbe(target());
    expect(everything()).toEqual({
      gateways: [NAME],
      functions: [NAME, `${NAME}-shared`],
      accounts: [[NAME, 'functions.functionInvoker', 'api-gateway.websocketBroadcaster', 'ymq.admin']],
      triggers: [`${NAME}-work`, `${NAME}-live`],
      keys: 0,
      queues: [`${NAME}-work`, `${NAME}-live`],
    });
    const [gateway] = api.gateways.values();
    const { domain = '' } = gateway?.gateway ?? {};
    expect(url).toMatch(new RegExp(`^wss://${domain}\\?key=[0-9a-f]{32}$`));
    const [first, shared] = [...api.functions.values()].map(({ versions }) => versions.at(-1)?.version);
    const key = new URL(url).searchParams.get('key');
    const facts = { runtime: 'nodejs22', entrypoint: 'index.handler', environment: { PROBE_KEY: key } };
    expect(first).toMatchObject({ ...facts, concurrency: 1 });
    expect(shared).toMatchObject({ ...facts, concurrency: 4 });
  });

  it('leads every path and trigger to what it has made', async () => {
    await deployProbe(target());
    const [functionId = '', sharedId = ''] = api.functions.keys();
    const [gatewayId] = api.gateways.keys();
    const spec = [...api.gateways.values()][0]?.spec ?? '';
    const named = new Set([...spec.matchAll(/"function_id":"([^"]+)"/g)].map(([, id]) => id));
    expect([...named].sort()).toEqual([functionId, sharedId].sort());
    const rules = [...api.triggers.values()].map(({ rule }) => rule?.messageQueue);
    expect(rules).toMatchObject([
      { invokeFunction: { functionId }, batchSettings: { size: 2 } },
      { gatewayWebsocketBroadcast: { gatewayId, path: '/live' } },
    ]);
  });

  it('sees whether a version is made with a lock file and without', async () => {
    const { results } = await deployProbe(target());
    expect(results).toEqual([
      { id: 'version.with-lock', outcome: 'as assumed', seen: 'made', figures: {} },
      { id: 'version.without-lock', outcome: 'as assumed', seen: 'refused', figures: {} },
    ]);
  });

  it('replaces what an earlier deploy has left', async () => {
    await deployProbe(target());
    const before = everything();
    await deployProbe(target());
    expect(everything()).toEqual(before);
  });
});

describe('conformance remove', () => {
  const NOTHING = { gateways: [], functions: [], accounts: [], triggers: [], keys: 0, queues: [] };

  it('leaves nothing behind', async () => {
    await deployProbe(target());
    expect(await removeDeployed(target())).toBe(6);
    expect(everything()).toEqual(NOTHING);
    expect(await removeDeployed(target())).toBe(0);
  });

  it.each([
    'ServiceAccountService/Create',
    'FolderService/UpdateAccessBindings',
    'AccessKeyService/Create',
    'FunctionService/Create',
    'FunctionService/CreateVersion',
    'ApiGatewayService/Create',
    'TriggerService/Create',
  ])('nor after a deploy that %s has broken off', async (method) => {
    api.failures.set(method, { code: status.RESOURCE_EXHAUSTED, message: 'quota', in: 'call' });
    await expect(deployProbe(target())).rejects.toThrow('quota');
    await removeDeployed(target());
    expect(everything()).toEqual(NOTHING);
  });

  it('leaves what is not of the suite', async () => {
    deployVersion(api, 'other');
    addAccount(api, 'other');
    addGateway(api, 'other', { 'managed-by': 'yc-broadcast' });
    const before = everything();
    await deployProbe(target());
    await removeDeployed(target());
    expect(everything()).toEqual(before);
  });
});
