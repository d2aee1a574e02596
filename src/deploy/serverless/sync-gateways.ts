import { gatewaySpec } from '../gateway-spec.js';
import { BroadcastError } from '../../base/errors.js';
import type { Cloud } from './cloud/cloud.js';
import type { CloudGateway } from './cloud/gateways.js';
import type { WebsocketFunction } from './settings.js';

/** A deployed service, which its gateways are marked with. */
export interface Owner {
  readonly service: string;
  readonly stage: string;
}

/**
 * What a gateway of ours is told from others by: names can be the same by chance. The framework lets services
 * and stages have capitals, labels may not (documented).
 */
function labelsOf({ service, stage }: Owner): Readonly<Record<string, string>> {
  return { 'managed-by': 'yc-broadcast', service: service.toLowerCase(), stage: stage.toLowerCase() };
}

function isOf(owner: Owner, { labels }: CloudGateway): boolean {
  return Object.entries(labelsOf(owner)).every(([key, value]) => labels[key] === value);
}

export interface DeployedGateway {
  readonly name: string;
  readonly isNew: boolean;
}

/**
 * Makes a gateway for each of the functions, or gives the one that is there the specification of now. Rejects
 * when a name is taken by a gateway that is not of this service.
 */
export async function deployGateways(
  cloud: Cloud,
  owner: Owner,
  functions: readonly WebsocketFunction[],
): Promise<DeployedGateway[]> {
  const known = await cloud.gateways.list();
  const deployed: DeployedGateway[] = [];
  for (const definition of functions) {
    const { name } = definition;
    const existing = known.find((gateway) => gateway.name === name);
    if (existing !== undefined && !isOf(owner, existing)) throw notOurs(name);
    const spec = JSON.stringify(await specOf(cloud, definition));
    await (existing === undefined
      ? cloud.gateways.create({ name, description: DESCRIPTION, labels: labelsOf(owner), spec })
      : cloud.gateways.update(existing.id, spec));
    deployed.push({ name, isNew: existing === undefined });
  }
  return deployed;
}

const DESCRIPTION = 'Made by yc-broadcast/serverless, which removes it on `serverless remove`';

export interface StandingGateways {
  /** Where clients connect: one for each path. */
  readonly addresses: readonly string[];
  /**
   * Names of those whose function is gone. They are not removed in passing: somebody may be connected there.
   */
  readonly forgotten: readonly string[];
}

/** What there is of this service in the cloud. */
export async function standingGateways(
  cloud: Cloud,
  owner: Owner,
  functions: readonly WebsocketFunction[],
): Promise<StandingGateways> {
  const ours = (await cloud.gateways.list()).filter((gateway) => isOf(owner, gateway));
  const domains = new Map(ours.map(({ name, domain }) => [name, domain]));
  const addresses = functions.flatMap(({ name, paths }) => {
    const domain = domains.get(name);
    domains.delete(name);
    return domain === undefined ? [] : paths.map((path) => `wss://${domain}${path}`);
  });
  return { addresses, forgotten: [...domains.keys()] };
}

/** Removes every gateway that this service made, and no other. Resolves with their names. */
export async function removeGateways(cloud: Cloud, owner: Owner): Promise<string[]> {
  const ours = (await cloud.gateways.list()).filter((gateway) => isOf(owner, gateway));
  for (const { id } of ours) await cloud.gateways.remove(id);
  return ours.map(({ name }) => name);
}

async function specOf(cloud: Cloud, definition: WebsocketFunction): Promise<Record<string, unknown>> {
  const { name, paths, httpPaths, account, authorizer } = definition;
  const functionId = await functionIdOf(cloud, name);
  const serviceAccountId = await cloud.accounts.idOf(account);
  if (serviceAccountId === undefined) throw missing(`service account '${account}'`);
  const options = { title: name, paths, httpPaths, functionId, serviceAccountId };
  if (authorizer === undefined) return gatewaySpec(options);
  const { functionName, ...credential } = authorizer;
  const guard = { ...credential, functionId: await functionIdOf(cloud, functionName) };
  return gatewaySpec({ ...options, authorizer: guard });
}

async function functionIdOf(cloud: Cloud, name: string): Promise<string> {
  const id = await cloud.functions.idOf(name);
  if (id === undefined) throw missing(`function '${name}'`);
  return id;
}

/** The provider's plugin reports what goes wrong and ends as if all was well. */
function missing(what: string): BroadcastError {
  const problem = `the folder has no ${what} after the provider's part of the deploy`;
  return new BroadcastError('INVALID_REQUEST', `${problem}; see its error above`);
}

function notOurs(name: string): BroadcastError {
  const problem = `the gateway '${name}' was not made by this service, so it is left alone`;
  return new BroadcastError('INVALID_REQUEST', `${problem}; rename it, or the function`);
}
