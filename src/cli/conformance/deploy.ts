import { parseArgs } from 'node:util';
import { createTokenProvider } from '../../base/credentials/token-provider.js';
import {
  deployProbe,
  queueService,
  removeDeployed,
  withResults,
  type DeployTarget,
} from '../../conformance/index.js';
import { createCloud } from '../../deploy/serverless/cloud/cloud.js';
import { usageError } from '../command.js';
import { PROFILE_FILE, readProfile, writeProfile } from './profile-file.js';

export async function deploy(args: readonly string[]): Promise<number> {
  const { folder, profile = PROFILE_FILE } = parseDeployOptions(args, true);
  const { url, results } = await deployProbe(await targetOf(folder));
  const before = await readProfile(profile, 'may be missing');
  await writeProfile(profile, withResults(before, results, new Date()));
  for (const result of results)
    if ('reason' in result) process.stdout.write(`  ${result.id}: ${result.reason}\n`);
  process.stdout.write(`
  Roles take some seconds. Then, with a token that may send (YC_TOKEN):

yc-broadcast conformance run --url '${url}'
yc-broadcast conformance remove --folder ${folder}

  Whoever knows the key in the address can have the function called.
`);
  return 0;
}

export async function remove(args: readonly string[]): Promise<number> {
  const { folder } = parseDeployOptions(args, false);
  const removed = await removeDeployed(await targetOf(folder));
  process.stdout.write(removed === 0 ? '  There is nothing of the suite.\n' : '  Removed.\n');
  return 0;
}

function parseDeployOptions(args: readonly string[], takesProfile: boolean) {
  const { values } = parseArgs({
    args: [...args],
    options: { folder: { type: 'string' }, ...(takesProfile ? { profile: { type: 'string' } } : {}) },
  });
  const { folder, profile } = values;
  if (typeof folder !== 'string' || folder === '')
    throw usageError(
      '--folder: expected the id of a folder, best one of its own: yc resource-manager folder list',
    );
  return { folder, profile: typeof profile === 'string' ? profile : undefined };
}

/** The token is looked for where transports do; the endpoints are for tests. */
async function targetOf(folderId: string): Promise<DeployTarget> {
  const iamToken = await createTokenProvider().token();
  const { YC_ENDPOINT: endpoint, YC_MESSAGE_QUEUE_ENDPOINT: queueEndpoint } = process.env;
  return {
    cloud: createCloud({ folderId, credentials: { iamToken }, endpoint }),
    queues: (key) => queueService(key, queueEndpoint),
    onStep: (step) => process.stdout.write(`  ${step}\n`),
  };
}
