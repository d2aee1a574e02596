import { connect } from 'node:http2';
import { isAccepted, REST_BODY, REST_HEADERS, restPath, type Target } from '../target.js';
import type { Client } from './client.js';

export function open({ origin }: Target): Client {
  const session = connect(origin);
  session.on('error', () => undefined); // Every stream reports it, too.
  return {
    send: (id) =>
      new Promise<void>((resolve, reject) => {
        let status: number | undefined;
        const stream = session.request({ ':method': 'POST', ':path': restPath(id), ...REST_HEADERS });
        stream.on('response', (headers) => {
          status = headers[':status'];
        });
        stream.on('error', reject);
        stream.on('end', () => {
          if (isAccepted(status)) resolve();
          else reject(new Error(`answered ${status ?? 'nothing'}`));
        });
        stream.resume();
        stream.end(REST_BODY);
      }),
  };
}
