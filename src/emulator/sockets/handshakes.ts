import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { createAuthorizationNotice } from '../timeline/gateway-log.js';
import type { OpenSockets } from './open-sockets.js';
import { settleUpgrade, type UpgradeOptions } from './upgrade.js';

export interface HandshakesOptions extends Omit<UpgradeOptions, 'noticeAuthorization'> {
  /** Takes each socket whose handshake was accepted. */
  readonly onOpen: OpenSockets['open'];
}

/** HTTP upgrades: a function is asked, and the client gets 101 or a refusal. */
export interface Handshakes {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends those that have not been answered. */
  stop(): void;
}

export function createHandshakes(options: HandshakesOptions): Handshakes {
  const { limits, calls, onOpen } = options;
  const noticeAuthorization = createAuthorizationNotice(options.timeline);
  const accepted = new WeakMap<
    IncomingMessage,
    { readonly id: string; readonly subprotocol: string | undefined }
  >();
  /** Sockets whose handshake has not been answered. */
  const upgrading = new Set<Duplex>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Larger than the gateway's own limit, so that the frame watch, which says why, is the one to refuse.
    maxPayload: 4 * limits.maxMessageBytes,
    handleProtocols: (_offered, request) => accepted.get(request)?.subprotocol ?? false,
  });
  server.on('headers', (headers, request) => {
    headers.push(`X-Yc-Apigateway-Websocket-Connection-Id: ${accepted.get(request)?.id ?? ''}`);
  });

  async function settle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const settled = await settleUpgrade({ ...options, noticeAuthorization }, request, socket);
    if (settled === undefined) return;
    const { route, handshake, response } = settled;
    const subprotocol = response?.headers['sec-websocket-protocol'];
    accepted.set(request, { id: handshake.connectionId, subprotocol });
    server.handleUpgrade(request, socket, head, (webSocket) => {
      onOpen(route, handshake, webSocket, socket, response);
    });
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => undefined);
      upgrading.add(socket);
      calls
        .track(settle(request, socket, head))
        .catch(() => socket.destroy())
        .finally(() => upgrading.delete(socket));
    },
    stop() {
      for (const socket of upgrading) socket.destroy();
    },
  };
}
