import { Pool } from 'undici';
import { checkStatus, REST_BODY, REST_HEADERS, restPath, type Target } from '../target.js';
import type { Client } from './client.js';

export function open({ origin }: Target): Client {
  const pool = new Pool(origin, { connections: 100 });
  return {
    async send(id) {
      const { statusCode, body } = await pool.request({
        path: restPath(id),
        method: 'POST',
        headers: REST_HEADERS,
        body: REST_BODY,
      });
      await body.dump();
      checkStatus(statusCode);
    },
  };
}
