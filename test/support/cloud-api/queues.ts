/**
 * As much of Message Queue as a deploy needs: queues are made, listed and deleted. It speaks the JSON form of
 * the API.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface QueueApi {
  readonly endpoint: string;
  /** Names of the queues that there are. */
  readonly queues: ReadonlySet<string>;
  close(): void;
}

interface Request {
  readonly QueueName?: string;
  readonly QueueUrl?: string;
}

/** @param mayCall Whether a request is let through, by its `Authorization` header; others get 403. */
export async function startQueueApi(
  folderId: string,
  mayCall: (authorization: string) => boolean = () => true,
): Promise<QueueApi> {
  const queues = new Set<string>();
  let endpoint = '';

  const urlOf = (name: string): string => `${endpoint}/b1gcloud/dj600000/${name}`;
  const nameOf = ({ QueueUrl = '' }: Request): string => QueueUrl.split('/').at(-1) ?? '';

  const actions: Record<string, (request: Request) => object> = {
    ListQueues: () => (queues.size === 0 ? {} : { QueueUrls: [...queues].map(urlOf) }),
    CreateQueue: ({ QueueName = '' }) => {
      queues.add(QueueName);
      return { QueueUrl: urlOf(QueueName) };
    },
    GetQueueAttributes: (request) => ({
      Attributes: { QueueArn: `yrn:yc:ymq:ru-central1:${folderId}:${nameOf(request)}` },
    }),
    DeleteQueue: (request) => {
      queues.delete(nameOf(request));
      return {};
    },
  };

  async function answer(incoming: IncomingMessage): Promise<object | undefined> {
    const action = String(incoming.headers['x-amz-target']).replace('AmazonSQS.', '');
    return actions[action]?.(JSON.parse(await text(incoming)) as Request);
  }

  const server = createServer((incoming, outgoing) => {
    if (!mayCall(incoming.headers.authorization ?? '')) {
      outgoing.writeHead(403).end(JSON.stringify({ __type: 'com.amazonaws.sqs#AccessDeniedException' }));
      return;
    }
    void answer(incoming).then((body) => {
      outgoing.writeHead(body === undefined ? 400 : 200, { 'Content-Type': 'application/x-amz-json-1.0' });
      outgoing.end(JSON.stringify(body ?? { __type: 'com.amazonaws.sqs#UnsupportedOperation' }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    get endpoint() {
      return endpoint;
    },
    queues,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
