import { BroadcastError } from '../../base/errors.js';
import { bundleFunctions } from './bundle-functions.js';
import { createCloud } from './cloud/cloud.js';
import { extendConfigSchema, PROVIDER } from './config-schema.js';
import { deploysAs } from './credentials.js';
import { createDeployment, type Deployment } from './deployment.js';
import type { PluginTools, Serverless, ServerlessPlugin } from './framework.js';

/**
 * A plugin for Serverless Framework 3 that completes `@yandex-cloud/serverless-plugin`, after which it is
 * listed: a gateway for each function that has websocket events, `concurrency`, the runtime `nodejs22`, and
 * functions bundled from source.
 *
 * The framework calls it with `new`. It deploys as whom the provider's plugin does, and prints no token.
 */
export function ycBroadcastPlugin(
  serverless: Serverless,
  options: { readonly function?: string },
  tools: PluginTools,
): ServerlessPlugin {
  const { service } = serverless;
  const explain = explainer(serverless);
  let opened: Deployment | undefined;
  /** When it is needed: the provider's plugin is complete by then, and packing needs no cloud. */
  const deployment = (): Deployment => (opened ??= openDeployment(serverless, tools));

  /** The provider's plugin deploys all of them, unless it was told one. */
  const deployedNames = (): string[] =>
    Object.entries(service.functions)
      .filter(([key]) => options.function === undefined || options.function === key)
      .map(([key, { name }]) => name ?? key);

  const hooks: Record<string, () => Promise<void>> = {
    'before:package:createDeploymentArtifacts': async () => {
      for (const { name, bytes } of await bundleFunctions(serverless))
        tools.log.success(`Function "${name}" bundled, ${Math.ceil(bytes / 1000)} KB packed`);
    },
    'before:deploy:deploy': async () => deployment().prepare(deployedNames()),
    'after:deploy:deploy': async () => deployment().complete(),
    'after:info:info': async () => deployment().show(),
    // Before the functions go: a gateway that leads nowhere answers clients with errors.
    'before:remove:remove': async () => deployment().removeGateways(),
  };
  try {
    extendConfigSchema(serverless);
  } catch (reason) {
    explain(reason);
  }
  return {
    hooks: Object.fromEntries(
      Object.entries(hooks).map(([name, hook]) => [name, () => hook().catch(explain)]),
    ),
  };
}

function openDeployment(serverless: Serverless, tools: PluginTools): Deployment {
  const { service } = serverless;
  const provider = serverless.getProvider(PROVIDER);
  const endpoint = process.env['YC_ENDPOINT'];
  return createDeployment({
    service,
    tools,
    cloud: createCloud({ ...deploysAs(provider), endpoint: endpoint === '' ? undefined : endpoint }),
    owner: { service: service.getServiceName(), stage: provider.getStage() },
  });
}

/** The framework shows its own errors as what they say, and of others how to report them to it. */
function explainer({ classes }: Serverless): (reason: unknown) => never {
  return (reason) => {
    if (!(reason instanceof BroadcastError)) throw reason;
    throw new classes.Error(reason.message, `YC_BROADCAST_${reason.code}`);
  };
}
