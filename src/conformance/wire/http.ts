import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { once } from 'node:events';

export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export interface HttpCall {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** PEM of the authorities to trust instead of the well-known ones. */
  readonly ca?: string | undefined;
}

const TIMEOUT_MS = 60_000;

/** One request, whatever the answer is. Rejects when there is none. */
export async function callHttp({ url, method, headers = {}, body, ca }: HttpCall): Promise<RawAnswer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const options = { method, headers, signal };
  const request =
    url.protocol === 'http:'
      ? requestHttp(url, options)
      : requestHttps(url, { ...options, ...(ca === undefined ? {} : { ca }) });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await buffer(response) };
}
