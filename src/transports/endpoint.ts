import { BroadcastError } from '../base/errors.js';

/** Where the connection management API is: `https://` or `http://` and host, without a path. */
export type EndpointOption = string | (() => string) | undefined;

/**
 * The connection management API does not depend on the region, and the gateway's id is not part of a path.
 */
const CLOUD_ENDPOINT = 'https://apigateway-connections.api.cloud.yandex.net';

/**
 * Gives the endpoint for each attempt: the option, else `YC_BROADCAST_ENDPOINT`, else the cloud's. Throws
 * `INVALID_OPTIONS` for something that is no such address; for a constant one, now.
 */
export function createEndpoint(option: EndpointOption): () => URL {
  if (typeof option === 'string') {
    const constant = parseEndpoint(option);
    return () => constant;
  }
  const ask = option ?? endpointFromEnvironment;
  // `new URL` costs more than the rest of a request's preparation, and the endpoint hardly ever changes.
  let last: { readonly text: string; readonly url: URL } | undefined;
  return () => {
    const text = answerOf(ask);
    if (last?.text !== text) last = { text, url: parseEndpoint(text) };
    return last.url;
  };
}

function answerOf(ask: () => string): string {
  try {
    return ask();
  } catch (cause) {
    throw new BroadcastError('INVALID_OPTIONS', 'endpoint: the function failed', {
      path: ['endpoint'],
      cause,
    });
  }
}

/** `YC_BROADCAST_ENDPOINT`, else the cloud's address. */
export function endpointFromEnvironment(): string {
  const given = process.env['YC_BROADCAST_ENDPOINT'];
  return given === undefined || given === '' ? CLOUD_ENDPOINT : given;
}

function parseEndpoint(text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  const isAddress = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === undefined || !isAddress || url.href !== `${url.origin}/`) {
    const expected = 'expected an address such as https://host or http://127.0.0.1:4510, without a path';
    throw new BroadcastError('INVALID_OPTIONS', `endpoint: ${expected}`, { path: ['endpoint'] });
  }
  return url;
}
