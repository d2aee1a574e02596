/** The answering side of Message Queue's Query protocol, as a test tells it to be. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface QueueRequest {
  readonly authorization: string;
  readonly queueUrl: string;
  readonly entries: readonly {
    readonly id: string;
    readonly body: string;
    readonly delay: string | undefined;
  }[];
  /** `performance.now()` when it came. */
  readonly at: number;
}

/**
 * `hang` never answers; `take-and-cut` takes the messages and cuts the connection; `cut` does not take them.
 */
export type QueueAnswer =
  | 'take'
  | 'hang'
  | 'cut'
  | 'take-and-cut'
  | { readonly status: number; readonly code: string }
  | { readonly failed: Readonly<Record<string, string>> };

export interface ScriptedQueue {
  readonly url: string;
  readonly requests: readonly QueueRequest[];
  /** Bodies that are in the queue. */
  readonly taken: readonly string[];
  close(): Promise<void>;
}

/** @param answer Says what becomes of each request; they are counted from 0. */
export async function scriptedQueue(
  answer: (request: QueueRequest, index: number) => QueueAnswer,
): Promise<ScriptedQueue> {
  const requests: QueueRequest[] = [];
  const taken: string[] = [];

  const server = createServer((incoming, response) => {
    void text(incoming).then((form) => {
      const request = {
        ...parse(form),
        authorization: incoming.headers.authorization ?? '',
        at: performance.now(),
      };
      const told = answer(request, requests.push(request) - 1);
      const failed = typeof told === 'object' && 'failed' in told ? told.failed : {};
      const isTaken = told === 'take' || told === 'take-and-cut' || Object.keys(failed).length > 0;
      if (isTaken) taken.push(...request.entries.filter(({ id }) => !(id in failed)).map(({ body }) => body));
      if (told === 'hang') return;
      if (told === 'cut' || told === 'take-and-cut') incoming.socket.destroy();
      else if (typeof told === 'object' && 'status' in told)
        response.writeHead(told.status).end(errorXml(told.code));
      else response.writeHead(200).end(resultXml(request, failed));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/b1gcloud/dj6queue/jobs`,
    requests,
    taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function parse(form: string): Pick<QueueRequest, 'queueUrl' | 'entries'> {
  const fields = new URLSearchParams(form);
  if (fields.get('Action') !== 'SendMessageBatch') throw new Error(`unexpected ${fields.get('Action')}`);
  const entries = [];
  for (let at = 1; fields.has(`SendMessageBatchRequestEntry.${at}.Id`); at++) {
    const part = (name: string): string | null => fields.get(`SendMessageBatchRequestEntry.${at}.${name}`);
    const delay = part('DelaySeconds') ?? undefined;
    entries.push({ id: part('Id') ?? '', body: part('MessageBody') ?? '', delay });
  }
  return { queueUrl: fields.get('QueueUrl') ?? '', entries };
}

/** As the platform's reference shows it. */
function resultXml({ entries }: QueueRequest, failed: Readonly<Record<string, string>>): string {
  const results = entries.map(({ id }) => {
    const code = failed[id];
    return code === undefined
      ? `<SendMessageBatchResultEntry>\n <Id>${id}</Id><MessageId>13b0e327</MessageId>\n</SendMessageBatchResultEntry>`
      : `<BatchResultErrorEntry><Id>${id}</Id><Code>${code}</Code><SenderFault>false</SenderFault></BatchResultErrorEntry>`;
  });
  return `<SendMessageBatchResponse><SendMessageBatchResult>${results.join('')}</SendMessageBatchResult></SendMessageBatchResponse>`;
}

function errorXml(code: string): string {
  return `<ErrorResponse><Error><Code>${code}</Code><Message>no, secret-key body-0</Message></Error></ErrorResponse>`;
}
