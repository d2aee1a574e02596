/** What an event is by its looks, before anything in it is checked. */
import { HEADER_PREFIX } from './fields.js';
import type { OtherEvent } from './event.js';

/** How far an event is believed. */
export interface ParseOptions {
  /**
   * Takes an event for a websocket event although only its `X-Yc-Apigateway-Websocket-*` headers say so.
   * Clients choose the headers of HTTP requests, so this is for code that nothing but the gateway's websocket
   * operations can call.
   * @default false
   */
  readonly trustWebSocketHeaders?: boolean | undefined;
}

/** The gateway alone writes `requestContext`. */
export function isWebSocketEvent(raw: unknown, { trustWebSocketHeaders = false }: ParseOptions): boolean {
  if (!isRecord(raw)) return false;
  const context = raw['requestContext'];
  if (isRecord(context) && ('eventType' in context || 'connectionId' in context)) return true;
  return trustWebSocketHeaders && hasWebSocketHeaders(raw);
}

/** Whether the headers say that it is a websocket event, which clients can make them say. */
export function hasWebSocketHeaders(raw: unknown): boolean {
  return isRecord(raw) && rawHeaders(raw).some(([name]) => name.startsWith(HEADER_PREFIX));
}

/** What a websocket event says it is, well-formed or not. */
export function claimedEventType(raw: unknown): unknown {
  if (!isRecord(raw)) return undefined;
  const context = raw['requestContext'];
  const fromContext = isRecord(context) ? context['eventType'] : undefined;
  return fromContext ?? rawHeaders(raw).find(([name]) => name === `${HEADER_PREFIX}event-type`)?.[1];
}

function rawHeaders(raw: Record<string, unknown>): (readonly [name: string, value: unknown])[] {
  return [raw['headers'], raw['multiValueHeaders']]
    .filter(isRecord)
    .flatMap((headers) => Object.entries(headers))
    .map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value] as const);
}

/** A guess for events that have nothing to do with a websocket. */
export function otherType(raw: unknown): OtherEvent['type'] {
  if (!isRecord(raw)) return 'unknown';
  const context = raw['requestContext'];
  if ('httpMethod' in raw || (isRecord(context) && ('httpMethod' in context || 'http' in context)))
    return 'http';
  const messages = raw['messages'];
  const first: unknown = Array.isArray(messages) ? messages[0] : undefined;
  return isRecord(first) ? triggerType(first) : 'unknown';
}

function triggerType(message: Record<string, unknown>): OtherEvent['type'] {
  const metadata = message['event_metadata'];
  const eventType = isRecord(metadata) ? metadata['event_type'] : undefined;
  if (typeof eventType !== 'string') return 'unknown';
  if (eventType.includes('messagequeue')) return 'queue';
  return eventType.includes('timer') || eventType.includes('TimerMessage') ? 'timer' : 'unknown';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
