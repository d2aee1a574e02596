import { BroadcastError } from '../errors.js';
import { bundleFunctions } from './bundle-functions.js';
import { createCloud, type Cloud } from './cloud/cloud.js';
import { extendConfigSchema, PROVIDER } from './config-schema.js';
import { deploysAs } from './credentials.js';
import type { PluginTools, Serverless, ServerlessPlugin } from './framework.js';
import { concurrentFunctions, websocketFunctions } from './settings.js';
import {
  deployGateways,
  forgottenGateways,
  gatewayAddresses,
  removeGateways,
  type Owner,
} from './sync-gateways.js';
import { expectNewVersions, runningVersions, setConcurrency, type Versions } from './sync-versions.js';

/**
 * A plugin for Serverless Framework 3 that completes `@yandex-cloud/serverless-plugin`, after which it is listed: a gateway
 * for each function that has websocket events, `concurrency`, the runtime `nodejs22`, and functions bundled from source.
 *
 * The framework calls it with `new`. It deploys as whom the provider's plugin does, and prints no token.
 */
export function ycBroadcastPlugin(
  serverless: Serverless,
  options: { readonly function?: string },
  { log, writeText }: PluginTools,
): ServerlessPlugin {
  extendConfigSchema(serverless);
  const { service } = serverless;
  let before: Versions = new Map();
  let opened: Cloud | undefined;

  const cloud = (): Cloud =>
    (opened ??= createCloud({
      ...deploysAs(serverless.getProvider(PROVIDER)),
      endpoint: process.env['YC_ENDPOINT'] || undefined,
    }));

  const owner = (): Owner => ({
    service: service.getServiceName(),
    stage: serverless.getProvider(PROVIDER).getStage(),
  });

  /** The provider's plugin deploys all of them, unless it was told one. */
  const deployedNames = (): string[] =>
    Object.entries(service.functions)
      .filter(([key]) => options.function === undefined || options.function === key)
      .map(([key, { name }]) => name ?? key);

  /** What is wrong in serverless.yaml should be said while nothing has been deployed. */
  async function prepare(): Promise<void> {
    websocketFunctions(service);
    concurrentFunctions(service);
    before = await runningVersions(cloud(), deployedNames());
  }

  async function deploy(): Promise<void> {
    await expectNewVersions(cloud(), before);
    for (const name of await setConcurrency(cloud(), concurrentFunctions(service)))
      log.success(`Function "${name}" has a version with its concurrency`);
    const functions = websocketFunctions(service);
    for (const { name, isNew, addresses } of await deployGateways(cloud(), owner(), functions)) {
      log.success(`Websocket gateway "${name}" ${isNew ? 'created' : 'updated'}`);
      for (const address of addresses) writeText(address);
    }
    for (const name of await forgottenGateways(cloud(), owner(), functions))
      log.warning(
        `The gateway "${name}" has no function here any more: yc serverless api-gateway delete ${name}`,
      );
  }

  return {
    hooks: withClearErrors(serverless, {
      'before:package:createDeploymentArtifacts': async () => {
        for (const { name, bytes } of await bundleFunctions(serverless))
          log.success(`Function "${name}" bundled, ${Math.ceil(bytes / 1000)} KB packed`);
      },
      'before:deploy:deploy': prepare,
      'after:deploy:deploy': deploy,
      'after:info:info': async () => {
        const addresses = await gatewayAddresses(cloud(), owner(), websocketFunctions(service));
        for (const address of addresses) writeText(address);
      },
      // Before the functions go: a gateway that leads nowhere answers clients with errors.
      'before:remove:remove': async () => {
        for (const name of await removeGateways(cloud(), owner()))
          log.success(`Websocket gateway "${name}" removed`);
      },
    }),
  };
}

/** The framework shows its own errors as what they say, and of others how to report them to it. */
function withClearErrors(
  { classes }: Serverless,
  hooks: Readonly<Record<string, () => Promise<void>>>,
): ServerlessPlugin['hooks'] {
  const clear = async (hook: () => Promise<void>): Promise<void> => {
    try {
      await hook();
    } catch (reason) {
      if (!(reason instanceof BroadcastError)) throw reason;
      throw new classes.Error(reason.message, `YC_BROADCAST_${reason.code}`);
    }
  };
  return Object.fromEntries(Object.entries(hooks).map(([name, hook]) => [name, () => clear(hook)]));
}
