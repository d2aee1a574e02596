/**
 * `gateway_websocket_broadcast`: what comes out of a queue goes to every socket of a path, and no function is
 * asked.
 */
import type { Gateway } from '../sockets/gateway.js';
import type { Guesses } from '../profile/guesses.js';
import type { Timeline } from '../timeline/timeline.js';
import { MAX_TRIGGER_MESSAGE_BYTES } from './limits.js';
import type { ReceivedBatch } from './queue-api.js';
import { triggerEvent, type TriggerPlace } from './trigger-event.js';

export interface BroadcastTargetDeps {
  readonly queueName: string;
  readonly place: TriggerPlace;
  /** As it is written in the specification. */
  readonly path: string;
  readonly payload: 'envelope' | 'body';
  readonly gateway: Gateway;
  readonly maxMessageBytes: number;
  readonly timeline: Timeline;
  readonly guess: Guesses;
}

/**
 * Documented: best effort. The messages are deleted whatever comes of it, and nobody is told who got them.
 * The kind of frame is not documented; clients that are known read it as text.
 */
export function broadcastTarget(parts: BroadcastTargetDeps) {
  const { queueName, gateway, timeline, guess } = parts;
  const isBinary = guess('broadcast.frame') === 'binary';

  function log(batch: readonly ReceivedBatch[], facts: object): void {
    timeline.add({ type: 'trigger', queue: queueName, path: parts.path, messages: batch.length, ...facts });
  }

  return async (batch: readonly ReceivedBatch[], fault: string | undefined): Promise<boolean> => {
    const text = textOf(parts, batch);
    const bytes = Buffer.byteLength(text);
    const problem = problemWith(text, bytes, parts.maxMessageBytes);
    if (problem !== undefined) {
      log(batch, { bytes, fault, reason: `${problem}; lost`, level: 'warning' });
      return true;
    }
    const sockets = [...gateway.connections.all()].filter(
      ({ handshake }) => handshake.template === parts.path,
    );
    for (const socket of sockets) gateway.deliver(socket, Buffer.from(text), isBinary);
    const reason =
      sockets.length === 0 ? 'no connections; the message is lost' : `to ${sockets.length} sockets`;
    log(batch, { bytes, fault, reason, level: sockets.length === 0 ? 'warning' : 'info' });
    return true;
  };
}

function textOf({ payload, place }: BroadcastTargetDeps, batch: readonly ReceivedBatch[]): string {
  // The transformer takes the first message of a batch, and leaves the others out.
  return payload === 'body' ? (batch[0]?.body ?? '') : JSON.stringify(triggerEvent(place, batch));
}

function problemWith(text: string, bytes: number, maxMessageBytes: number): string | undefined {
  if (bytes > MAX_TRIGGER_MESSAGE_BYTES) {
    return `${bytes} bytes, a trigger's message can have ${MAX_TRIGGER_MESSAGE_BYTES}`;
  }
  if (bytes > maxMessageBytes) return `${bytes} bytes, a WebSocket message can have ${maxMessageBytes}`;
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return 'the body is not JSON, which the transformer expects';
  }
}
