/**
 * Stands before dynalite as the Document API of YDB would: bearer tokens, time to live, prices, and bad days.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { LOCAL_HEADERS } from './dynalite.js';

export interface DocumentRequest {
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string;
}

/** What the proxy does instead of passing a request on, or with the answer. */
export type Intervention =
  | { readonly status: number; readonly body: object | string }
  /** The connection breaks, before the request is carried out or after it. */
  | 'break'
  | 'lose-answer'
  /** Nothing happens any more. */
  | 'hang';

export type Script = (
  request: DocumentRequest,
) => Intervention | undefined | Promise<Intervention | undefined>;

export interface DocumentProxy {
  readonly endpoint: string;
  /** Requests since the last `forget()`, refused ones included. */
  readonly requests: readonly DocumentRequest[];
  /** What they cost by the documented prices. */
  readonly ru: number;
  forget(): void;
  /** Asked for every request, until the next script; `undefined` passes it on, a promise keeps it waiting. */
  script(intervene: Script): void;
  /** From now on a request needs one of these in `Authorization: Bearer`. */
  acceptTokens(...tokens: readonly string[]): void;
  /** The server goes away with all its connections, and comes back at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startDocumentProxy(target: string): Promise<DocumentProxy> {
  const requests: DocumentRequest[] = [];
  const timesToLive = new Map<unknown, object>();
  let ru = 0;
  let tokens: readonly string[] | undefined;
  let intervene: Script = () => undefined;
  let port = 0;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await requestOf(incoming);
    requests.push(request);
    const intervention = await intervene(request);
    if (intervention === 'hang') return;
    if (intervention !== 'break') {
      const { status, body } = typeof intervention === 'object' ? intervention : await answerTo(request);
      if (intervention !== 'lose-answer') {
        reply(response, status, body);
        return;
      }
    }
    incoming.socket.destroy();
  }

  async function answerTo(request: DocumentRequest): Promise<{ status: number; body: object | string }> {
    if (!isAccepted(request)) return { status: 400, body: refusal('UnrecognizedClientException') };
    return aboutTimeToLive(request) ?? (await passOn(request));
  }

  function isAccepted({ authorization }: DocumentRequest): boolean {
    if (tokens === undefined) return authorization.startsWith('AWS4-HMAC-SHA256 Credential=');
    return tokens.some((token) => authorization === `Bearer ${token}`);
  }

  /** What dynalite does not know. */
  function aboutTimeToLive({ action, body: { TableName, TimeToLiveSpecification } }: DocumentRequest) {
    if (action === 'UpdateTimeToLive') timesToLive.set(TableName, TimeToLiveSpecification as object);
    else if (action !== 'DescribeTimeToLive') return undefined;
    const TimeToLiveStatus = timesToLive.has(TableName) ? 'ENABLED' : 'DISABLED';
    return { status: 200, body: { TimeToLiveSpecification, TimeToLiveDescription: { TimeToLiveStatus } } };
  }

  async function passOn({ action, body }: DocumentRequest): Promise<{ status: number; body: string }> {
    const headers = { ...LOCAL_HEADERS, 'X-Amz-Target': `DynamoDB_20120810.${action}` };
    const isPriced = !/Table|TimeToLive/.test(action);
    const asked = isPriced ? { ...body, ReturnConsumedCapacity: 'TOTAL' } : body;
    const answer = await fetch(target, { method: 'POST', headers, body: JSON.stringify(asked) });
    const answered = await answer.text();
    if (isPriced) ru += priceOf(action, body, JSON.parse(answered));
    return { status: answer.status, body: answered };
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((reason: unknown) => {
      reply(response, 500, { __type: 'TestProxyFailed', message: String(reason) });
    });
  });
  async function start(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }
  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
  await start();

  return {
    endpoint: `http://127.0.0.1:${port}/ru-central1/cloud/database`,
    requests,
    get ru() {
      return ru;
    },
    forget() {
      requests.length = 0;
      ru = 0;
    },
    script(next) {
      intervene = next;
    },
    acceptTokens(...accepted) {
      tokens = accepted;
    },
    start,
    stop,
    close: stop,
  };
}

async function requestOf(incoming: IncomingMessage): Promise<DocumentRequest> {
  const target = String(incoming.headers['x-amz-target']);
  const [api, action = ''] = target.split('.');
  if (api !== 'DynamoDB_20120810') throw new Error(`X-Amz-Target is '${target}'`);
  return {
    action,
    body: JSON.parse(await text(incoming)) as Record<string, unknown>,
    authorization: incoming.headers.authorization ?? '',
  };
}

/** A refusal as the service words it. */
export function refusal(type: string, message = `about ${type}`) {
  return { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message };
}

function reply(response: ServerResponse, status: number, body: object | string): void {
  response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/**
 * Documented: 1 RU for 4 KB read, 2 RU for 1 KB written, 2 RU for a deletion, also where nothing was there.
 * Capacity units of dynalite are 4 KB strongly read and 1 KB written. What a write costs whose condition does
 * not hold is not documented; here it costs as much as the smallest write.
 */
function priceOf(action: string, body: Readonly<Record<string, unknown>>, answer: unknown): number {
  if (action === 'DeleteItem') return 2;
  if (action === 'BatchWriteItem') return 2 * Object.values(body['RequestItems'] as object).flat().length;
  if (action === 'BatchGetItem' || action === 'TransactWriteItems') return priceOfMany(body);
  const units = capacityIn(answer);
  if (action === 'GetItem' || action === 'Query') return Math.max(1, Math.ceil(units));
  return 2 * Math.max(1, units);
}

/**
 * Documented: as much as each of the reads, and 4 RU for 1 KB written in a transaction. Nothing here is
 * longer.
 */
function priceOfMany({ RequestItems = {}, TransactItems = [] }: Readonly<Record<string, unknown>>): number {
  const reads = Object.values(RequestItems as Record<string, { readonly Keys: readonly object[] }>);
  return reads.flatMap(({ Keys }) => Keys).length + 4 * (TransactItems as readonly object[]).length;
}

function capacityIn(answer: unknown): number {
  const { ConsumedCapacity } = answer as { ConsumedCapacity?: { CapacityUnits: number } };
  return ConsumedCapacity?.CapacityUnits ?? 0;
}
