/** Whether the address can be that of a gateway, before anybody is asked. */
import type { Finding } from '../finding.js';
import type { DeployedOptions } from './visit.js';

const subject = 'Address';
const WHERE = 'yc serverless api-gateway get <name> shows the domain';

export async function checkAddress({ url }: DeployedOptions): Promise<Finding> {
  const { protocol, hostname, pathname, host } = url;
  const isHere = isLocal(url);
  // The query is left out: people put tokens there.
  const shown = `${protocol}//${host}${pathname}`;
  if (protocol === 'http:' || protocol === 'https:')
    return failure(
      `${shown} is the address of a page, not of a WebSocket`,
      `clients connect to wss://${host}${pathname}`,
    );
  if (protocol !== 'wss:' && protocol !== 'ws:')
    return failure(`${shown} is not a WebSocket address`, 'give wss://…');
  if (protocol === 'ws:' && !isHere)
    return failure(
      `${shown}: the gateway accepts only TLS connections`,
      `use wss://${host}${pathname}, also in the page`,
    );
  if (hostname === 'functions.yandexcloud.net')
    return failure(
      `${host} is for calling functions; it does not accept WebSockets`,
      `use the gateway's address; ${WHERE}`,
    );
  if (/^[a-z0-9]+\.apigw\.yandexcloud\.net$/.test(hostname))
    return warning(
      `${host} lacks the label that domains have since January 2025`,
      `do not construct it from the id; ${WHERE}`,
    );
  if (pathname === '/') return warning(`${shown} has no path`, 'most specifications use /ws for WebSockets');
  return { subject, level: 'ok', detail: isHere ? `${shown}, a local gateway` : shown };
}

export function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

const failure = (detail: string, remedy: string): Finding => ({ subject, level: 'failure', detail, remedy });
const warning = (detail: string, remedy: string): Finding => ({ subject, level: 'warning', detail, remedy });
