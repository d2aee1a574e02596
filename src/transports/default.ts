import type { Transport } from '../transport.js';
import { restTransport, type RestTransportOptions } from './rest.js';

/** What apps and broadcasters use when no transport is given. */
export function defaultTransport(options: RestTransportOptions = {}): Transport {
  return restTransport(options);
}
