/**
 * What the gateway delivers to a function, as one union of our own.
 *
 * The published samples of websocket events differ from each other and from the typings, and which payload
 * format they follow is not documented. So every field is looked for where any of the formats has it:
 * `requestContext` first, then the `X-Yc-Apigateway-Websocket-*` headers, which always carry the same facts.
 * That an event is a websocket event, however, `requestContext` has to say: clients choose the headers of
 * HTTP requests.
 */
import { isWebSocketEvent, type ParseOptions } from './events/claims.js';
import type { GatewayEvent, WebSocketEvent } from './events/event.js';
import {
  bodyOf,
  closeOf,
  commonFields,
  HEADER_PREFIX,
  invalid,
  messageIdOf,
  queryOf,
  subprotocolsOf,
} from './events/fields.js';
import { otherEventOf } from './events/other.js';
import { rawEventSchema, type RawEvent, type RequestContext } from './events/raw-event.js';
import { headerLookup } from '../base/headers.js';
import { check, firstIssue } from '../base/options.js';

export { claimedEventType, hasWebSocketHeaders, type ParseOptions } from './events/claims.js';
export { otherEventOf, queueEventOf } from './events/other.js';
export type * from './events/event.js';

/**
 * Reads anything that a function can be called with. Throws `INVALID_EVENT` that names the field when a
 * websocket event is malformed; what is no websocket event at all comes back as `other`. An HTTP request is
 * `other`, whatever its headers are, unless `trustWebSocketHeaders` is set.
 *
 * @param now In Unix milliseconds. Used as `connectedAt` when the event carries none, or one that is later.
 */
export function parseEvent(raw: unknown, now: number = Date.now(), options: ParseOptions = {}): GatewayEvent {
  if (!isWebSocketEvent(raw, options)) return otherEventOf(raw);
  const result = check(rawEventSchema(), raw);
  if (!result.success) {
    const { path, message } = firstIssue(result.error);
    throw invalid(path.join('.'), message);
  }
  return webSocketEvent(result.data, raw, now);
}

function webSocketEvent(event: RawEvent, raw: unknown, now: number): WebSocketEvent {
  const context: RequestContext = event.requestContext ?? {};
  const headers = headerLookup(event.headers ?? {}, event.multiValueHeaders ?? {});
  const common = commonFields(event, context, headers, raw, now);
  const eventType = context.eventType ?? headers.get(`${HEADER_PREFIX}event-type`);
  switch (eventType) {
    case 'CONNECT':
      return { kind: 'connect', ...common, query: queryOf(event), subprotocols: subprotocolsOf(headers) };
    case 'MESSAGE':
      return {
        kind: 'message',
        ...common,
        messageId: messageIdOf(context, headers),
        body: bodyOf(event, headers),
      };
    case 'DISCONNECT':
      return { kind: 'disconnect', ...common, ...closeOf(context, headers) };
    default:
      throw invalid(
        'requestContext.eventType',
        `expected CONNECT, MESSAGE or DISCONNECT, got ${String(eventType)}`,
      );
  }
}
