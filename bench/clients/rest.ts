import { restTransport } from 'yc-broadcast/transports/rest';
import { TOKEN, type Target } from '../target.js';
import { overTransport, type Client } from './client.js';

export function open({ origin }: Target): Client {
  return overTransport(restTransport({ endpoint: origin, token: TOKEN }));
}
