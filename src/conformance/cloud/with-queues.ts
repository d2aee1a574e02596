import type { StaticKey } from '../../base/credentials/static-key.js';
import type { Cloud } from '../../deploy/serverless/cloud/cloud.js';
import type { QueueService } from './queues.js';
import { NAME } from './resources.js';

/** What is deployed to. */
export interface DeployTarget {
  readonly cloud: Cloud;
  /** Message Queue takes static keys only. */
  readonly queues: (key: StaticKey) => QueueService;
  /** Told of each step as it begins. */
  readonly onStep: (step: string) => void;
}

/** Works with queues as the account, with a key that exists for no longer than that. */
export async function withQueues<T>(
  { cloud, queues }: DeployTarget,
  accountId: string,
  work: (service: QueueService) => Promise<T>,
): Promise<T> {
  const key = await cloud.accounts.createKey(accountId, NAME);
  try {
    return await work(queues(key));
  } finally {
    await cloud.accounts.removeKey(key.id);
  }
}
