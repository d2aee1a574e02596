import { grpcTransport } from 'yc-broadcast/transports/grpc';
import { TOKEN, type Target } from '../target.js';
import { overTransport, type Client } from './client.js';

export function open({ origin }: Target): Client {
  return overTransport(grpcTransport({ endpoint: origin, token: TOKEN }));
}
