import type { Cloud } from './cloud/cloud.js';
import type { PluginTools, ServerlessService } from './framework.js';
import { concurrentFunctions, websocketFunctions } from './settings.js';
import { deployGateways, removeGateways, standingGateways, type Owner } from './sync-gateways.js';
import { expectNewVersions, runningVersions, setConcurrency, type Versions } from './sync-versions.js';

export interface DeploymentDeps {
  readonly service: ServerlessService;
  readonly cloud: Cloud;
  readonly owner: Owner;
  readonly tools: PluginTools;
}

/** What is done in the cloud for a service, before and after the provider's plugin does its part. */
export interface Deployment {
  /** @param names Of the functions, in the cloud, that are about to get new versions. */
  prepare(names: readonly string[]): Promise<void>;
  complete(): Promise<void>;
  /** Prints addresses. */
  show(): Promise<void>;
  removeGateways(): Promise<void>;
}

export function createDeployment({ service, cloud, owner, tools }: DeploymentDeps): Deployment {
  const { log, writeText } = tools;
  let before: Versions = new Map();

  async function show(): Promise<void> {
    const { addresses, forgotten } = await standingGateways(cloud, owner, websocketFunctions(service));
    for (const address of addresses) writeText(address);
    for (const name of forgotten)
      log.warning(`The gateway "${name}" has no function here any more: ${BYE} ${name}`);
  }

  return {
    async prepare(names) {
      // What is wrong in serverless.yaml should be said while nothing has been deployed.
      websocketFunctions(service);
      concurrentFunctions(service);
      before = await runningVersions(cloud, names);
    },
    async complete() {
      await expectNewVersions(cloud, before);
      for (const name of await setConcurrency(cloud, concurrentFunctions(service)))
        log.success(`Function "${name}" has a version with its concurrency`);
      for (const { name, isNew } of await deployGateways(cloud, owner, websocketFunctions(service)))
        log.success(`Websocket gateway "${name}" ${isNew ? 'created' : 'updated'}`);
      await show();
    },
    show,
    async removeGateways() {
      for (const name of await removeGateways(cloud, owner))
        log.success(`Websocket gateway "${name}" removed`);
    },
  };
}

const BYE = 'yc serverless api-gateway delete';
