/**
 * A DynamoDB-compatible server without AWS. It knows no UpdateTimeToLive and no transactions, and takes any
 * key.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createYdbTable, type YdbOptions } from 'yc-broadcast/stores/ydb';

export const LOCAL_KEY = { accessKeyId: 'local', secretAccessKey: 'local-secret' };

export interface Dynalite {
  readonly endpoint: string;
  /** Sends one request, behind the back of every store. */
  send(action: string, body: object): Promise<unknown>;
  close(): Promise<void>;
}

export async function startDynalite(): Promise<Dynalite> {
  const worker = new Worker(fileURLToPath(new URL('dynalite-worker.cjs', import.meta.url)));
  const [port] = (await once(worker, 'message')) as [number];
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    async send(action, body) {
      const headers = { ...LOCAL_HEADERS, 'X-Amz-Target': `DynamoDB_20120810.${action}` };
      const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
      return response.json();
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

/** What makes dynalite believe that a request is signed. */
export const LOCAL_HEADERS = {
  'Content-Type': 'application/x-amz-json-1.0',
  'X-Amz-Date': '20261123T000000Z',
  Authorization:
    'AWS4-HMAC-SHA256 Credential=a/20261123/local/dynamodb/aws4_request, SignedHeaders=host, Signature=a',
};

/** Options for a store on a table of its own. */
export async function freshTable(endpoint: string, more: YdbOptions = {}): Promise<YdbOptions> {
  const options = { endpoint, credentials: LOCAL_KEY, tablePrefix: `t${randomUUID()}_`, ...more };
  await createYdbTable(options);
  return options;
}
