import { hasLabels } from '../../deploy/serverless/cloud/labels.js';
import { LABELS, QUEUES, ROLES } from './resources.js';
import { withQueues, type DeployTarget } from './with-queues.js';

/**
 * Removes all that a deploy has made, also one that was broken off, and nothing else. Resolves with how much
 * there was.
 */
export async function removeDeployed(target: DeployTarget): Promise<number> {
  const { cloud, onStep } = target;
  let removed = 0;
  const removeAll = async (what: string, ids: readonly string[], remove: (id: string) => Promise<void>) => {
    for (const id of ids) {
      onStep(`- ${what}`);
      await remove(id);
      removed++;
    }
  };
  await removeAll('trigger', await cloud.triggers.list(LABELS), cloud.triggers.remove);
  const gateways = (await cloud.gateways.list()).filter(({ labels }) => hasLabels(labels, LABELS));
  await removeAll(
    'gateway',
    gateways.map(({ id }) => id),
    cloud.gateways.remove,
  );
  await removeAll('function', await cloud.functions.list(LABELS), cloud.functions.remove);
  await removeAll('account and queues', await cloud.accounts.list(LABELS), (id) => removeAccount(target, id));
  return removed;
}

/** The queues go by a key of the account, so they go first. */
async function removeAccount(target: DeployTarget, id: string): Promise<void> {
  const { accounts } = target.cloud;
  // A deploy that was broken off may not have come that far.
  await accounts.grant(id, ROLES);
  await withQueues(target, id, (service) => service.remove(Object.values(QUEUES)));
  await accounts.revoke(id, ROLES);
  await accounts.remove(id);
}
