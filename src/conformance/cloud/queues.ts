/** As much of Message Queue as the suite needs: queues are made, found and deleted. */
import * as z from 'zod/mini';
import { createSigner, type StaticKey } from '../../base/credentials/static-key.js';
import { BroadcastError } from '../../base/errors.js';
import { parseJson } from '../../base/json.js';
import { callHttp } from '../wire/http.js';

export interface CloudQueue {
  readonly url: string;
  readonly arn: string;
}

export interface QueueService {
  /** One of that name that is there already is taken. */
  create(name: string): Promise<CloudQueue>;
  /** Those of these names that there are. */
  remove(names: readonly string[]): Promise<void>;
}

const ENDPOINT = 'https://message-queue.api.cloud.yandex.net';
/** A role that was just given counts after some seconds (documented: usually five). */
const PATIENCE_MS = 60_000;
const REGION = 'ru-central1';

/** @param pollMs How long to wait before a refusal is asked about again. */
export function queueService(key: StaticKey, endpoint = ENDPOINT, pollMs = 2000): QueueService {
  const sign = createSigner({ key, region: REGION, service: 'sqs' });
  const givesUpAt = Date.now() + PATIENCE_MS;

  async function call(action: string, fields: object): Promise<unknown> {
    const [url, body] = [new URL('/', endpoint), JSON.stringify(fields)];
    const headers = sign({
      url,
      headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `AmazonSQS.${action}` },
      body,
    });
    for (;;) {
      const answer = await callHttp({ url, method: 'POST', headers, body });
      if (answer.status < 300) return parseJson(answer.body.toString('utf8'));
      if (answer.status !== 403 || Date.now() > givesUpAt) throw refused(action, answer.status);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  return {
    async create(name) {
      const { QueueUrl: url } = createdSchema.parse(await call('CreateQueue', { QueueName: name }));
      const attributes = await call('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['QueueArn'] });
      return { url, arn: attributesSchema.parse(attributes).Attributes.QueueArn };
    },
    async remove(names) {
      const { QueueUrls: urls = [] } = listSchema.parse(await call('ListQueues', {}));
      const ours = urls.filter((url) => names.includes(url.split('/').at(-1) ?? ''));
      for (const url of ours) await call('DeleteQueue', { QueueUrl: url });
    },
  };
}

const createdSchema = z.object({ QueueUrl: z.string() });
const attributesSchema = z.object({ Attributes: z.object({ QueueArn: z.string() }) });
const listSchema = z.object({ QueueUrls: z.optional(z.array(z.string())) });

function refused(action: string, status: number): BroadcastError {
  const remedy = status === 403 ? '; does the account have the role ymq.admin on the folder?' : '';
  return new BroadcastError('QUEUE_UNAVAILABLE', `${action} was answered with ${status}${remedy}`);
}
