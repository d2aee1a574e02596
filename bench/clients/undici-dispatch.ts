import { Pool, type Dispatcher } from 'undici';
import { isAccepted, REST_BODY, REST_HEADERS, restPath, type Target } from '../target.js';
import type { Client } from './client.js';

/** The fastest that undici offers: a bare handler, and fewer sockets than the window has places. */
export function open({ origin }: Target): Client {
  const pool = new Pool(origin, { connections: 50 });
  return {
    send: (id) =>
      new Promise<void>((resolve, reject) => {
        pool.dispatch(
          { path: restPath(id), method: 'POST', headers: REST_HEADERS, body: REST_BODY },
          settling(resolve, reject),
        );
      }),
  };
}

function settling(resolve: () => void, reject: (reason: unknown) => void): Dispatcher.DispatchHandler {
  let status: number | undefined;
  return {
    onRequestStart() {
      // Nothing to keep: these requests are never aborted.
    },
    onResponseStart(_controller, statusCode) {
      status = statusCode;
    },
    onResponseData() {
      // The answer's body says nothing.
    },
    onResponseEnd() {
      if (isAccepted(status)) resolve();
      else reject(new Error(`answered ${status ?? 'nothing'}`));
    },
    onResponseError(_controller, error) {
      reject(error);
    },
  };
}
