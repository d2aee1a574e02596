import type { IncomingHttpHeaders } from 'node:http';
import { BROADCAST_HEADER } from '../../model/diagnostics.js';

/** The broadcast that a send says it belongs to. */
export function broadcastOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers[BROADCAST_HEADER];
  if (typeof given !== 'string') return undefined;
  try {
    return decodeURIComponent(given);
  } catch {
    return undefined;
  }
}
