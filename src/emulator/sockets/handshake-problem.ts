import type { IncomingMessage } from 'node:http';

/** Why an upgrade cannot become a WebSocket, whatever the function would say of it. */
export interface HandshakeProblem {
  readonly status: 400 | 405 | 426;
  readonly message: string;
}

/** `undefined` for a handshake as RFC 6455, section 4.2.1, wants it. Older drafts are not spoken. */
export function handshakeProblem({ method, headers }: IncomingMessage): HandshakeProblem | undefined {
  const { upgrade = '', 'sec-websocket-key': key = '', 'sec-websocket-version': version } = headers;
  if (method !== 'GET') return { status: 405, message: 'A WebSocket handshake is a GET request' };
  if (upgrade.toLowerCase() !== 'websocket')
    return { status: 400, message: 'The Upgrade header must be websocket' };
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key))
    return { status: 400, message: 'The Sec-WebSocket-Key header is missing or invalid' };
  return version === '13'
    ? undefined
    : { status: 426, message: 'The Sec-WebSocket-Version header must be 13' };
}
