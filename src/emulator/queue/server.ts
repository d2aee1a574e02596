/** Answers requests to Message Queue, on the port that answers everything else. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../clock.js';
import { readBody } from '../http/read-body.js';
import type { IncomingRequest, HttpResponse } from '../http/exchange.js';
import type { Timeline } from '../timeline/timeline.js';
import { textIn } from './checks.js';
import { isJsonRequest, jsonProtocol } from './json-protocol.js';
import { CALLS_PER_SECOND } from './limits.js';
import { createMessageActions } from './message-actions.js';
import type { Protocol, QueueRequest, WireAnswer } from './protocol.js';
import { queryProtocol } from './query-protocol.js';
import { createQueueActions } from './queue-actions.js';
import { QueueError } from './queue-error.js';
import type { Queues } from './queues.js';
import { createRates } from './rates.js';

export interface QueueServerDeps {
  readonly queues: Queues;
  readonly clock: Clock;
  readonly timeline: Timeline;
  /** The only access key that is taken; any at all when `undefined`. */
  readonly accessKeyId: string | undefined;
}

export interface QueueServer {
  /** Answers a request that is for it; `false` when it is not. */
  answer(request: IncomingRequest, response: HttpResponse): boolean;
}

export function createQueueServer({ queues, clock, timeline, accessKeyId }: QueueServerDeps): QueueServer {
  const onMessages = new Map(Object.entries(createMessageActions({ clock, timeline })));
  const onQueues = new Map(Object.entries(createQueueActions(queues)));
  const rates = createRates(CALLS_PER_SECOND);

  async function perform({ action, fields }: QueueRequest, keyId: string, origin: string): Promise<object> {
    const onQueue = onQueues.get(action);
    if (onQueue !== undefined) return onQueue(fields, origin);
    const onMessage = onMessages.get(action);
    if (onMessage === undefined) throw new QueueError('InvalidAction', `'${action}' is not served here`);
    const queue = queues.at(textIn(fields, 'QueueUrl'));
    if (!rates.spend(`${queue.name} ${action}`)) {
      throw new QueueError(
        'ThrottlingException',
        `more than ${CALLS_PER_SECOND} calls of ${action} in a second to '${queue.name}'`,
      );
    }
    return onMessage(queue, fields, keyId);
  }

  async function serve(request: IncomingRequest, response: HttpResponse, protocol: Protocol): Promise<void> {
    let action = '';
    try {
      const keyId = authenticate(request.headers, accessKeyId);
      const read = protocol.read(request.headers, await readText(request));
      ({ action } = read);
      respond(response, 200, protocol.result(action, await perform(read, keyId, originOf(request))));
    } catch (reason) {
      const error = reason instanceof QueueError ? reason : new QueueError('InternalFailure', String(reason));
      timeline.add({
        type: 'queue',
        status: error.status,
        reason: `${action === '' ? '' : `${action}: `}${error.code}: ${error.message}`,
        level: 'warning',
      });
      respond(response, error.status, protocol.refusal(error));
    }
  }

  return {
    answer(request, response) {
      if (request.method !== 'POST' || credentialOf(request.headers)?.service !== 'sqs') return false;
      const protocol = isJsonRequest(request.headers) ? jsonProtocol : queryProtocol;
      serve(request, response, protocol).catch(() => response.destroy());
      return true;
    },
  };
}

/** Ten messages of 256 KB, each byte of them as six characters of a form or of JSON. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

async function readText(request: IncomingRequest): Promise<string> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === undefined) {
    throw new QueueError('RequestEntityTooLarge', `a request has at most ${MAX_BODY_BYTES} bytes`, 413);
  }
  return body.toString('utf8');
}

/** What a signature says of itself. Pages of other sites cannot send this header without asking first. */
function credentialOf({ authorization = '' }: IncomingHttpHeaders) {
  const [, keyId, service] =
    /^AWS4-HMAC-SHA256 .*Credential=([^/,\s]+)\/\d{8}\/[^/]+\/([a-z]+)\/aws4_request/.exec(authorization) ??
    [];
  return keyId === undefined ? undefined : { keyId, service };
}

/** The key has to be known; whether the signature is right is not checked. */
function authenticate(headers: IncomingHttpHeaders, expected: string | undefined): string {
  const keyId = credentialOf(headers)?.keyId ?? '';
  if (expected === undefined || keyId === expected) return keyId;
  throw new QueueError('InvalidClientTokenId', 'the access key is not known');
}

function originOf(request: IncomingRequest): string {
  const socket: unknown = Reflect.get(request, 'socket');
  const isSecure = typeof socket === 'object' && socket !== null && 'encrypted' in socket;
  const { host, ':authority': authority = '' } = request.headers;
  return `${isSecure ? 'https' : 'http'}://${host ?? String(authority)}`;
}

function respond(response: HttpResponse, status: number, { type, body, headers = {} }: WireAnswer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...headers });
  response.end(body);
}
