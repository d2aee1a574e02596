/** Environment variables that change where requests go, or whom they trust. */
import { upstreamProxy } from '../../emulator/redirect/upstream-proxy.js';
import type { Check } from './finding.js';

export const checkProxy: Check = async () => {
  const subject = 'Proxy';
  const { env } = process;
  const names = ['grpc_proxy', 'https_proxy', 'http_proxy', 'HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];
  const set = names.filter((name) => (env[name] ?? '') !== '');
  if (set.length === 0) return { subject, level: 'ok', detail: 'none is set' };
  const proxy = upstreamProxy(env);
  const list = set.join(', ');
  if (proxy !== undefined) {
    const detail = `${list}: instances reach everything but the gateway through ${proxy.host}`;
    return { subject, level: 'ok', detail };
  }
  const detail = `${list}: gRPC clients ignore it, so databases may be unreachable`;
  const remedy = 'set grpc_proxy to an address that begins with http://';
  return { subject, level: 'warning', detail, remedy };
};

/** What people set while they look for something else, and forget. */
const SUSPECTS: Readonly<Record<string, readonly [detail: string, remedy: string]>> = {
  YC_BROADCAST_ENDPOINT: ['this library sends there, not to the local gateway', 'unset it while you run dev'],
  YC_BROADCAST_CA: ['this library trusts only the authority it names', 'unset it while you run dev'],
  NODE_TLS_REJECT_UNAUTHORIZED: [
    'certificates are not checked',
    'unset it; the local gateway does not need it',
  ],
};

export const checkVariables: Check = async () => {
  const subject = 'Variables';
  const set = Object.keys(SUSPECTS).filter((name) => (process.env[name] ?? '') !== '');
  const found = set.map((name) => ({ name, about: SUSPECTS[name] ?? ['', ''] }));
  const detail = found.map(({ name, about }) => `${name} is set: ${about[0]}`).join('; ');
  const [first] = found;
  return first === undefined
    ? { subject, level: 'ok', detail: 'none that interferes' }
    : { subject, level: 'warning', detail, remedy: first.about[1] };
};
