import { createBroadcaster } from 'yc-broadcast';
import { streamingStore } from '../streaming-store.js';
import { PAYLOAD, TOKEN, type Target } from '../target.js';
import type { Client } from './client.js';

/** The whole pipeline with nothing chosen: store page, default transport, delivery report. */
export function open({ origin }: Target): Client {
  process.env['YC_BROADCAST_ENDPOINT'] = origin;
  process.env['YC_TOKEN'] = TOKEN;
  const store = streamingStore();
  const broadcaster = createBroadcaster({ store });
  return {
    async sendRoom(size) {
      store.resize(size);
      const { delivered } = await broadcaster.to('bench').sendRaw(PAYLOAD);
      return delivered;
    },
  };
}
