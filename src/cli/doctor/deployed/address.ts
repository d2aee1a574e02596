/** Whether the address can be that of a gateway, before anybody is asked. */
import type { Finding } from '../finding.js';
import type { DeployedOptions } from './visit.js';

const subject = 'Address';
const WHERE = 'yc serverless api-gateway get <name> tells the domain';

export async function checkAddress({ url }: DeployedOptions): Promise<Finding> {
  const { protocol, hostname, pathname, host } = url;
  const isHere = isLocal(url);
  // The query is left out: people put tokens there.
  const shown = `${protocol}//${host}${pathname}`;
  if (protocol === 'http:' || protocol === 'https:')
    return failure(`${shown} is the address of a page`, `clients connect to wss://${host}${pathname}`);
  if (protocol !== 'wss:' && protocol !== 'ws:')
    return failure(`${shown} is no websocket address`, 'give wss://…');
  if (protocol === 'ws:' && !isHere)
    return failure(
      `${shown}: the gateway takes no connections without TLS`,
      `use wss://${host}${pathname}, in the page, too`,
    );
  if (hostname === 'functions.yandexcloud.net')
    return failure(`${host} calls functions, and holds no websockets`, `use the gateway's address; ${WHERE}`);
  if (/^[a-z0-9]+\.apigw\.yandexcloud\.net$/.test(hostname))
    return warning(
      `${host} lacks the label that domains have since January 2025`,
      `never put it together from the id; ${WHERE}`,
    );
  if (pathname === '/')
    return warning(`${shown} has no path`, 'most specifications have one for websockets: /ws');
  return { subject, level: 'ok', detail: isHere ? `${shown}, a local gateway` : shown };
}

export function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

const failure = (detail: string, remedy: string): Finding => ({ subject, level: 'failure', detail, remedy });
const warning = (detail: string, remedy: string): Finding => ({ subject, level: 'warning', detail, remedy });
