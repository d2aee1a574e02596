import { BroadcastError } from '../../base/errors.js';
import { hasOnce, type Contract } from '../../model/contract.js';
import type { WebSocketEvent } from '../../model/events.js';
import { handleConnect } from '../handlers/connect.js';
import { handleDisconnect } from '../handlers/disconnect.js';
import type { CallTools } from '../handlers/hooks.js';
import { handleMessage } from '../handlers/message.js';
import type { GatewayResponse } from '../handlers/responses.js';
import type { Rollback } from '../handlers/rollback.js';
import { createRoomHistories, historyStoreOf } from '../history/histories.js';
import { announceBy } from '../state/announce.js';
import type { AppDeps } from './deps.js';

/** Answers one websocket event. */
export type HandleSocketEvent<K extends Contract> = (
  event: WebSocketEvent,
  tools: CallTools<K>,
  rollback: Rollback,
) => Promise<GatewayResponse>;

/** Throws `INVALID_OPTIONS` when the store cannot do what the options ask for. */
export function createSocketEvents<K extends Contract>(deps: AppDeps<K>): HandleSocketEvent<K> {
  const { settings, contract, registry, onError } = deps;
  const { store, transport } = deps.broadcaster;
  const { history, presence: roomPresence, state: roomState } = settings.rooms;
  const histories = createRoomHistories(store, history);
  if (hasOnce(contract)) historyStoreOf(store, 'once in the contract');
  if (roomPresence !== undefined) historyStoreOf(store, 'rooms.presence');
  const { hooks, handlers } = registry;
  const shared = { ...settings, store, transport, contract, histories, handlers };
  /** Types of the contract that clients have sent and nothing handles; each is reported once. */
  const unhandled = new Set<string>();

  function partsOf(event: WebSocketEvent, tools: CallTools<K>, rollback: Rollback) {
    const requestId = tools.context.requestId ?? event.requestId;
    const report = (error: unknown, during: string): void => {
      onError({ error, during, requestId });
    };
    const reportUnhandled = (type: string): void => {
      if (unhandled.has(type)) return;
      unhandled.add(type);
      report(noHandler(type), `message '${type}', which has no app.on('${type}')`);
    };
    const presence = roomPresence?.watch(tools.broadcaster, settings.now, report);
    const state = roomState?.open({ store, contract, announce: announceBy(tools.to) });
    return { ...shared, ...hooks, presence, state, report, reportUnhandled, rollback };
  }

  return async (event, tools, rollback) => {
    const parts = partsOf(event, tools, rollback);
    switch (event.kind) {
      case 'connect':
        return handleConnect<K>(parts, tools, event);
      case 'message':
        return handleMessage<K>(parts, tools, event);
      case 'disconnect':
        return handleDisconnect<K>(parts, tools, event);
    }
  };
}

function noHandler(type: string): BroadcastError {
  const remedy = `add app.on('${type}', …), or take '${type}' out of the contract's client messages`;
  return new BroadcastError('INVALID_OPTIONS', `a client sent '${type}', which has no handler: ${remedy}`);
}
