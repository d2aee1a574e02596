import { parseJson } from '../../base/json.js';
import { CliError } from '../command.js';
import { findGateway } from './find.js';

/**
 * Talks to the control API of a running gateway. Everything rejects with a {@link CliError} when it is
 * refused.
 */
export interface GatewayClient {
  readonly url: string;
  read<T>(path: string, query?: Readonly<Record<string, string | number | undefined>>): Promise<T>;
  post<T>(path: string, body: object): Promise<T>;
  remove<T>(path: string): Promise<T>;
}

/** The gateway has gone, or does not answer. */
export class GatewayGone extends CliError {}

/** @param port Which gateway; may be left out when there is only one. */
export function connectToGateway(port: string | undefined): GatewayClient {
  return createGatewayClient(findGateway(port));
}

export function createGatewayClient({
  url,
  token,
}: {
  readonly url: string;
  readonly token: string;
}): GatewayClient {
  async function ask<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/_yc-broadcast/api/${path}`, {
      method,
      headers: { 'X-Yc-Broadcast-Token': token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new GatewayGone(`the gateway at ${url} does not answer`);
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    const refusal = parseJson(text) as { readonly error?: string } | undefined;
    throw new CliError(refusal?.error ?? `the gateway at ${url} answered ${response.status}`);
  }

  return {
    url,
    read(path, query = {}) {
      const given = new URLSearchParams();
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) given.set(name, String(value));
      return ask('GET', `${path}?${given.toString()}`);
    },
    post: (path, body) => ask('POST', path, body),
    remove: (path) => ask('DELETE', path),
  };
}
