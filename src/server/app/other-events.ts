import { BroadcastError } from '../../base/errors.js';
import type { Contract } from '../../model/contract.js';
import { hasWebSocketHeaders, type OtherEvent } from '../../model/events.js';
import type { CallTools, OtherEventHook } from '../handlers/hooks.js';
import { empty, errorResponse, type GatewayResponse } from '../handlers/responses.js';

/** Answers an event that is no websocket event. Rejects where an answer would lose it. */
export async function handleOtherEvent<K extends Contract>(
  hook: OtherEventHook<K> | undefined,
  event: OtherEvent,
  tools: CallTools<K>,
): Promise<GatewayResponse> {
  if (hook !== undefined) return (await hook({ ...tools, event })) ?? empty();
  if (event.type === 'queue' || event.type === 'timer') {
    throw new BroadcastError(
      'INVALID_EVENT',
      `a ${event.type} event came, but the app has no onOtherEvent hook`,
    );
  }
  const statusCode = event.type === 'http' ? 404 : 400;
  const remedy = hasWebSocketHeaders(event.raw) ? '; see trustWebSocketHeaders of createApp' : '';
  return errorResponse(statusCode, {
    code: 'INVALID_EVENT',
    message: `this function handles websocket events${remedy}`,
  });
}
