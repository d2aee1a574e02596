import type { Calls } from '../calls/calls.js';
import type { Clock } from '../clock.js';
import { createEventBuilder } from '../events/event-builder.js';
import { codeIn, type Guesses } from '../profile/guesses.js';
import type { FaultTable } from '../faults/table.js';
import type { Waiting } from '../faults/waiting.js';
import type { Route } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';
import type { CloseCause, ConnectionLimits } from './connections.js';
import { createDisconnects } from './disconnects.js';
import type { FrameLimits } from './frame-limits.js';
import { createHandshakes, type Handshakes } from './handshakes.js';
import { createMessages, type MessageOrder } from './messages.js';
import { createOpenSockets, type OpenSockets } from './open-sockets.js';

/**
 * Whether each event has a request id of its own, as is documented for calls that overlap on an instance, or
 * all events of a connection have the same, as in the published samples.
 */
export type RequestIds = 'event' | 'connection';

export interface GatewayOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly limits: ConnectionLimits & FrameLimits;
  readonly timeline: Timeline;
  readonly faults: FaultTable;
  readonly waiting: Waiting;
  readonly calls: Calls;
  readonly gatewayId: string;
  readonly guess: Guesses;
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
  const parts = { ...options, events: createEventBuilder(options.clock.now, guessOfIds(options)) };
  const disconnects = createDisconnects(parts);
  const { open, ...sockets } = createOpenSockets({
    ...options,
    onMessage({ operations }, connection, body, isBinary) {
      messages.accept(operations.message, connection, body, isBinary);
    },
    onClosed({ operations: { disconnect } }, connection, cause) {
      messages.release(connection);
      const told = causeTold(cause, options.guess);
      if (disconnect !== undefined && told !== undefined)
        void disconnects.emit(disconnect, connection.handshake, told);
    },
  });
  const messages = createMessages({
    ...parts,
    close(connection, code) {
      sockets.close(connection, { code, reason: 'the profile says so of such an answer', by: 'gateway' });
    },
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

/** What the function is told of an end; `undefined` when it is told nothing. */
function causeTold(cause: CloseCause, guess: Guesses): CloseCause | undefined {
  const isCutOff = cause.by === 'client' && cause.code === 1006;
  if (!isCutOff && cause.by !== 'api' && cause.by !== 'client') return cause;
  const id = isCutOff ? 'disconnect.reset' : cause.by === 'api' ? 'disconnect.api' : 'disconnect.close-frame';
  const seen = guess(id);
  if (seen === 'no event') return undefined;
  return id === 'disconnect.close-frame' ? cause : { ...cause, code: codeIn(seen) ?? cause.code };
}

/** What was asked for wins over what a profile says. */
function guessOfIds({ requestIds, guess }: GatewayOptions): Guesses {
  if (requestIds === 'event') return guess;
  return (id) => (id === 'ids.request' ? 'one id for a connection' : guess(id));
}
