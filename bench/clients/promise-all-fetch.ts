import { checkStatus, connectionId, REST_BODY, REST_HEADERS, restPath, type Target } from '../target.js';
import type { Client } from './client.js';

/** What people write today: everybody at once, one `fetch` each. */
export function open({ origin }: Target): Client {
  return {
    async sendRoom(size) {
      const ids = Array.from({ length: size }, (_, index) => connectionId(index));
      const answers = await Promise.all(ids.map((id) => sendOne(origin, id)));
      return answers.length;
    },
  };
}

async function sendOne(origin: string, id: string): Promise<void> {
  const answer = await fetch(origin + restPath(id), {
    method: 'POST',
    headers: REST_HEADERS,
    body: REST_BODY,
  });
  checkStatus(answer.status);
  await answer.arrayBuffer();
}
