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
import { parseFlags } from '../flags/flags.js';
import { DEPLOY_FLAGS, REMOVE_FLAGS } from './flags.js';
import { PROFILE_FILE, readProfile, writeProfile } from './profile-file.js';

export async function deploy(args: readonly string[]): Promise<number> {
  const { folder: given, profile = PROFILE_FILE } = parseFlags(DEPLOY_FLAGS, args, false).flags;
  const folder = required(given);
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
  const { folder } = parseFlags(REMOVE_FLAGS, args, false).flags;
  const removed = await removeDeployed(await targetOf(required(folder)));
  process.stdout.write(removed === 0 ? '  There is nothing of the suite.\n' : '  Removed.\n');
  return 0;
}

function required(folder: string | undefined): string {
  if (folder !== undefined) return folder;
  throw usageError('--folder is missing; best a folder of its own: yc resource-manager folder list');
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
