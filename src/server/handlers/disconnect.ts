import type { StoredConnection } from '../../model/connection.js';
import type { Contract } from '../../model/contract.js';
import { publish } from '../../model/diagnostics.js';
import type { DisconnectEvent } from '../../model/events.js';
import { createConnectionHandle, type HandleDeps } from './connection-handle.js';
import type { CallTools, DisconnectHook } from './hooks.js';
import { empty, type GatewayResponse } from './responses.js';

export interface DisconnectDeps<K extends Contract> extends HandleDeps {
  readonly onDisconnect?: DisconnectHook<K> | undefined;
}

/**
 * Removes the connection, then tells its rooms and the hook what was known of it. A connection that was never
 * stored, because this event came first, is marked as removed all the same, and the hook is not called.
 */
export async function handleDisconnect<K extends Contract>(
  parts: DisconnectDeps<K>,
  tools: CallTools<K>,
  event: DisconnectEvent,
): Promise<GatewayResponse> {
  const { store, onDisconnect, presence } = parts;
  const isTold = onDisconnect !== undefined || presence !== undefined;
  const [known, rooms] = isTold ? await lastKnown(parts, event.connectionId) : NOTHING_NEEDED;
  await store.remove([event.connectionId]);
  publish({ type: 'removed', connectionIds: [event.connectionId] });
  if (known !== undefined) {
    const { code, reason } = event;
    await Promise.all(rooms.map(async (room) => presence?.left(known, room)));
    await onDisconnect?.({
      ...tools,
      connection: createConnectionHandle(known, parts),
      rooms,
      code,
      reason,
      event,
    });
  }
  return empty();
}

type LastKnown = readonly [StoredConnection | undefined, readonly string[]];
const NOTHING_NEEDED: LastKnown = [undefined, []];

async function lastKnown({ store }: HandleDeps, id: string): Promise<LastKnown> {
  return Promise.all([store.get(id), store.rooms(id)]);
}
