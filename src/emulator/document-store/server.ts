import { readBody } from '../http/read-body.js';
import type { IncomingRequest, HttpResponse } from '../http/exchange.js';
import { createActions } from './actions.js';
import { DocumentError } from './document-error.js';

/** The store of a local gateway: a part of the Document API of YDB, kept in memory. */
export interface DocumentServer {
  /** Answers a request that is for it. Resolves with `false` when it is not. */
  answer(request: IncomingRequest, response: HttpResponse): boolean;
}

/** Where it is answered. */
export const STORE_PATH = '/_yc-broadcast/store';

/** As DynamoDB has it for a batch. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The table that {@link ydbStore} uses when it is told nothing else. */
const DEFAULT_TABLE = 'yc_broadcast_store';

/**
 * Serves what `ydbStore` asks for, and nothing more. Its table is there from the start; what is in it ends
 * with it.
 */
export function createDocumentServer(now: () => number): DocumentServer {
  const perform = createActions(now);
  perform('CreateTable', { TableName: DEFAULT_TABLE });
  perform('UpdateTimeToLive', { TableName: DEFAULT_TABLE, TimeToLiveSpecification: { AttributeName: 't' } });

  async function serve(request: IncomingRequest, response: HttpResponse): Promise<void> {
    try {
      // Pages of other sites cannot send this header without asking first, and nobody answers them.
      if (request.headers.authorization === undefined) {
        throw new DocumentError('MissingAuthenticationTokenException', 'Authorization is missing');
      }
      const target = String(request.headers['x-amz-target']);
      respond(response, 200, perform(target.slice(target.indexOf('.') + 1), await readJson(request)));
    } catch (error) {
      const { type, message } =
        error instanceof DocumentError ? error : new DocumentError('ValidationException', 'no JSON');
      respond(response, type === 'RequestEntityTooLarge' ? 413 : 400, {
        __type: `com.amazonaws.dynamodb.v20120810#${type}`,
        message,
      });
    }
  }

  return {
    answer(request, response) {
      if (request.method !== 'POST' || request.url !== STORE_PATH) return false;
      serve(request, response).catch(() => response.destroy());
      return true;
    },
  };
}

async function readJson(request: IncomingRequest): Promise<unknown> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === undefined) throw new DocumentError('RequestEntityTooLarge', `at most ${MAX_BODY_BYTES} bytes`);
  return JSON.parse(body.toString('utf8'));
}

function respond(response: HttpResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(body));
}
