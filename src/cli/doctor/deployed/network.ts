/** The way to the gateway, below HTTP: its name, and its certificate. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { connect } from 'node:tls';
import { reasonOf, type Finding } from '../finding.js';
import type { DeployedOptions } from './visit.js';

const TIMEOUT_MS = 5000;
const DAY_MS = 86_400_000;
/** Certificates of the platform renew themselves; one's own may have been forgotten. */
const SOON_DAYS = 14;

export async function checkNetwork({ url }: DeployedOptions): Promise<Finding> {
  const subject = 'Network';
  const startedAt = performance.now();
  const elapsed = (): number => Math.round(performance.now() - startedAt);
  try {
    const { address } = await lookup(url.hostname.replace(/^\[|\]$/g, ''));
    const dns = `${url.hostname} is ${address} (${elapsed()} ms)`;
    if (url.protocol === 'ws:') return { subject, level: 'ok', detail: dns };
    const days = Math.floor(((await certificateEnd(url)) - Date.now()) / DAY_MS);
    const detail = `${dns}, TLS after ${elapsed()} ms, certificate for ${days} more days`;
    return days >= SOON_DAYS
      ? { subject, level: 'ok', detail }
      : { subject, level: 'warning', detail, remedy: 'renew the certificate of your domain' };
  } catch (error) {
    return { subject, level: 'failure', detail: reasonOf(error), remedy: remedyFor(error) };
  }
}

async function certificateEnd({ hostname, port }: URL): Promise<number> {
  const socket = connect({ host: hostname, servername: hostname, port: Number(port || 443) });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return Date.parse(socket.getPeerCertificate().valid_to);
  } finally {
    socket.destroy();
  }
}

const REMEDIES: readonly (readonly [code: RegExp, remedy: string])[] = [
  [
    /^(ENOTFOUND|EAI_AGAIN)$/,
    'check the name; that of a deleted gateway is gone. Of your own domain, check its CNAME record',
  ],
  [/^ECONNREFUSED$/, 'nothing listens there: check name and port'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'the certificate is for another name: add the domain to the gateway, with its certificate',
  ],
  [/^CERT_HAS_EXPIRED$/, 'renew the certificate of your domain, and check the clock of this machine'],
  [
    /CERT|SIGNATURE|ISSUER/,
    'something between here and the gateway answers in its place, or the certificate chain is incomplete',
  ],
];

function remedyFor(error: unknown): string {
  const code = String((error as NodeJS.ErrnoException).code);
  return (
    REMEDIES.find(([pattern]) => pattern.test(code))?.[1] ?? 'check the network, and a firewall on the way'
  );
}
