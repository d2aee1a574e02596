/**
 * The metadata service, as far as the official SDK asks it: for the IAM token of the function's service
 * account.
 */
import type { IncomingRequest, HttpResponse } from '../http/exchange.js';
import { requestUrl } from '../http/request-url.js';
import { TOKEN_LIFE_SECONDS } from '../events/function-context.js';

const PREFIX = '/computeMetadata/';
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';

export interface Metadata {
  /** `false` when a request is for something else. */
  answer(request: IncomingRequest, response: HttpResponse): boolean;
}

/** @param token `undefined` for a function without a service account. */
export function createMetadata(token: string | undefined): Metadata {
  return {
    answer({ url, headers }, response) {
      const path = requestUrl({ url }).pathname;
      if (!path.startsWith(PREFIX)) return false;
      // A page in a browser cannot send this header to another origin, which is what it is for.
      if (headers['metadata-flavor'] !== 'Google')
        refuse(response, 403, 'Metadata-Flavor: Google is missing');
      else if (path !== TOKEN_PATH) refuse(response, 404, `no such path; there is ${TOKEN_PATH}`);
      else if (token === undefined) refuse(response, 404, 'the function has no service account');
      else {
        const issued = { access_token: token, expires_in: TOKEN_LIFE_SECONDS, token_type: 'Bearer' };
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(issued));
      }
      return true;
    },
  };
}

function refuse(response: HttpResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain' });
  response.end(`${reason}\n`);
}
