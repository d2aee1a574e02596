import type { Calls } from '../calls/calls.js';
import type { Clock } from '../clock.js';
import { createEventBuilder, type RequestIds } from '../events/event-builder.js';
import type { FaultTable } from '../faults/table.js';
import type { Waiting } from '../faults/waiting.js';
import type { Route } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';
import type { ConnectionLimits } from './connections.js';
import { createDisconnects } from './disconnects.js';
import type { FrameLimits } from './frame-limits.js';
import { createHandshakes, type Handshakes } from './handshakes.js';
import { createMessages, type MessageOrder } from './messages.js';
import { createOpenSockets, type OpenSockets } from './open-sockets.js';

export interface GatewayOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly limits: ConnectionLimits & FrameLimits;
  readonly timeline: Timeline;
  readonly faults: FaultTable;
  readonly waiting: Waiting;
  readonly calls: Calls;
  readonly gatewayId: string;
  readonly messageOrder: MessageOrder;
  readonly requestIds: RequestIds;
  readonly disconnectAttempts: number;
}

/** The WebSocket side of the gateway: handshakes, messages in, replies and sends out, closing. */
export interface Gateway extends Omit<OpenSockets, 'open'>, Pick<Handshakes, 'upgrade'> {
  /** Handshakes and function calls that have not ended. */
  underWay(): number;
}

export function createGateway(options: GatewayOptions): Gateway {
  const parts = { ...options, events: createEventBuilder(options.clock.now, options.requestIds) };
  const disconnects = createDisconnects(parts);
  const { open, ...sockets } = createOpenSockets({
    ...options,
    onMessage({ operations }, connection, body, isBinary) {
      messages.accept(operations.message, connection, body, isBinary);
    },
    onClosed({ operations: { disconnect } }, connection, cause) {
      messages.release(connection);
      if (disconnect !== undefined) void disconnects.emit(disconnect, connection.handshake, cause);
    },
  });
  const messages = createMessages({
    ...parts,
    reply(connection, data, isBinary) {
      if (sockets.connections.get(connection.id) === connection) sockets.deliver(connection, data, isBinary);
    },
  });
  const handshakes = createHandshakes({ ...parts, disconnects, onOpen: open });

  return {
    ...sockets,
    upgrade: handshakes.upgrade,
    underWay: options.calls.underWay,
    async stop() {
      const closed = sockets.stop();
      handshakes.stop();
      await closed;
    },
  };
}
