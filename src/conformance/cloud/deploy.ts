import { randomBytes } from 'node:crypto';
import { BroadcastError } from '../../base/errors.js';
import { CloudError } from '../../deploy/serverless/cloud/cloud-error.js';
import type { Cloud } from '../../deploy/serverless/cloud/cloud.js';
import { hasLabels } from '../../deploy/serverless/cloud/labels.js';
import type { CaseResult } from '../run/run-cases.js';
import { DEPLOYED_TIMEOUT_MS } from '../run/deployed.js';
import { LIVE_PATH, probeSpec } from '../spec.js';
import { probeArchive } from './archive.js';
import type { CloudQueue } from './queues.js';
import { removeDeployed } from './remove.js';
import { DESCRIPTION, LABELS, LOCKLESS_NAME, NAME, QUEUES, ROLES, SHARED_NAME } from './resources.js';
import { withQueues, type DeployTarget } from './with-queues.js';

export interface Deployed {
  /** For `conformance run --url`, with the key in the query. */
  readonly url: string;
  /** What the cases asked that a deploy answers in passing. */
  readonly results: readonly CaseResult[];
}

/**
 * Deploys the probe function, its gateway, and two queues with their triggers. What an earlier deploy has
 * left is removed first. Rejects with what the cloud refused; `removeDeployed` takes away what there is by
 * then.
 */
export async function deployProbe(target: DeployTarget): Promise<Deployed> {
  const { cloud, onStep } = target;
  await removeDeployed(target);
  const key = randomBytes(16).toString('hex');
  onStep(`+ account ${NAME}`);
  const accountId = await createAccount(cloud);
  onStep('+ queues');
  const queues = await withQueues(target, accountId, async (service) => ({
    work: await service.create(QUEUES.work),
    live: await service.create(QUEUES.live),
  }));
  onStep('+ functions');
  const functionId = await createFunction(cloud, NAME);
  const sharedFunctionId = await createFunction(cloud, SHARED_NAME);
  const [content, lockless] = [
    await probeArchive({ withLock: true }),
    await probeArchive({ withLock: false }),
  ];
  const version = versionOf(accountId, key);
  await cloud.functions.createVersion(functionId, { ...version, content, concurrency: 1 });
  await cloud.functions.createVersion(sharedFunctionId, { ...version, content, concurrency: 4 });
  const withoutLock = await tryWithoutLock(cloud, { ...version, content: lockless, concurrency: 1 });
  onStep('+ gateway');
  const gateway = await createGateway(cloud, { functionId, sharedFunctionId, accountId, queues });
  onStep('+ triggers');
  await createTriggers(cloud, { functionId, accountId, gatewayId: gateway.id, queues });
  return {
    url: `wss://${gateway.domain}?key=${key}`,
    results: [{ id: 'version.with-lock', outcome: 'as assumed', seen: 'made', figures: {} }, withoutLock],
  };
}

interface Made {
  readonly functionId: string;
  readonly sharedFunctionId: string;
  readonly accountId: string;
  readonly gatewayId: string;
  readonly queues: { readonly work: CloudQueue; readonly live: CloudQueue };
}

const resource = (name: string) => ({ name, description: DESCRIPTION, labels: LABELS });

async function createAccount({ accounts }: Cloud): Promise<string> {
  await accounts.create(resource(NAME));
  const id = known(await accounts.idOf(NAME), 'account');
  await accounts.grant(id, ROLES);
  return id;
}

async function createFunction({ functions }: Cloud, name: string): Promise<string> {
  await functions.create(resource(name));
  return known(await functions.idOf(name), 'function');
}

function versionOf(accountId: string, key: string) {
  return {
    accountId,
    memoryMb: 256,
    timeoutSeconds: DEPLOYED_TIMEOUT_MS / 1000,
    environment: { PROBE_KEY: key },
  };
}

type Version = Parameters<Cloud['functions']['createVersion']>[1];

/** With a function of its own, so that no gateway calls it if it is made. */
async function tryWithoutLock(cloud: Cloud, version: Version): Promise<CaseResult> {
  const id = 'version.without-lock';
  const functionId = await createFunction(cloud, LOCKLESS_NAME);
  try {
    await cloud.functions.createVersion(functionId, version);
    return { id, outcome: 'differs', seen: 'made', figures: {} };
  } catch (reason) {
    if (!(reason instanceof CloudError)) throw reason;
    // Quotas, rights and outages say nothing of lock files.
    if (OTHER_REASONS.includes(reason.status)) return { id, outcome: 'failed', reason: reason.message };
    return { id, outcome: 'as assumed', seen: 'refused', figures: {} };
  } finally {
    await cloud.functions.remove(functionId);
  }
}

/** gRPC statuses: DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE, UNAUTHENTICATED. */
const OTHER_REASONS = [4, 7, 8, 14, 16];

async function createGateway(
  { gateways, folderId }: Cloud,
  { functionId, sharedFunctionId, accountId, queues }: Omit<Made, 'gatewayId'>,
) {
  const urls = { folderId, workUrl: queues.work.url, liveUrl: queues.live.url };
  const spec = probeSpec({ functionId, sharedFunctionId, serviceAccountId: accountId, queues: urls });
  await gateways.create({ ...resource(NAME), spec: JSON.stringify(spec) });
  return known(
    (await gateways.list()).find(({ labels }) => hasLabels(labels, LABELS)),
    'gateway',
  );
}

async function createTriggers(
  { triggers }: Cloud,
  { functionId, accountId, gatewayId, queues }: Omit<Made, 'sharedFunctionId'>,
): Promise<void> {
  const shared = { accountId, cutoffSeconds: 1 };
  await triggers.create({
    ...resource(`${NAME}-work`),
    ...shared,
    queueId: queues.work.arn,
    batchSize: 2,
    target: { functionId },
  });
  await triggers.create({
    ...resource(`${NAME}-live`),
    ...shared,
    queueId: queues.live.arn,
    batchSize: 1,
    target: { gatewayId, path: LIVE_PATH },
  });
}

function known<T>(found: T | undefined, what: string): T {
  if (found !== undefined) return found;
  throw new BroadcastError('UNKNOWN', `the ${what} that was just made is not in the folder's list`);
}
