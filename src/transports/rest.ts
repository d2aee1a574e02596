import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import { createHttpClient, type HttpAnswer, type HttpRequest } from '../base/http-client.js';
import { parseJson } from '../base/json.js';
import { functionOption, lazily, parseOptions } from '../base/options.js';
import { MAX_REST_SEND_BYTES } from '../base/protocol.js';
import { BROADCAST_HEADER } from '../model/diagnostics.js';
import type {
  AttemptOptions,
  ConnectionInfo,
  EncodedPayload,
  Payload,
  Transport,
} from '../model/transport.js';
import { createTokenProvider, type TokenProviderOptions } from '../base/credentials/token-provider.js';
import { caFromEnvironment } from './ca.js';
import { createEndpoint, type EndpointOption } from './endpoint.js';
import { errorOfAnswer, errorOfHttpFailure } from './outcome.js';
import { checkConnectionId, checkSize } from './payload-limits.js';
import { withToken } from './with-token.js';

/** Where the gateway is, as whom to speak, and whom to trust. */
export interface RestTransportOptions extends TokenProviderOptions {
  /**
   * Where the connection management API is: `https://` or `http://` and host, without a path. A function is
   * asked before every attempt. Default: the environment variable `YC_BROADCAST_ENDPOINT`, else the cloud's
   * address.
   */
  readonly endpoint?: EndpointOption;
  /**
   * Certificates in PEM to trust instead of the machine's, for example the local gateway's. Default: the file
   * that the environment variable `YC_BROADCAST_CA` names, if it does.
   */
  readonly ca?: string | undefined;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    endpoint: z.optional(z.union([z.string(), functionOption<() => string>()])),
    ca: z.optional(z.string()),
    token: z.optional(z.unknown()),
    metadataUrl: z.optional(z.string()),
    iamUrl: z.optional(z.string()),
  }),
);

/** Answers of the management API are small. */
const MAX_ANSWER_BYTES = 64 * 1024;

const BASE_PATH = '/apigateways/websocket/v1/connections/';

/**
 * Reaches connections over the documented REST API: `POST …/connections/{id}:send` with base64 `data`, over
 * HTTP/1.1 connections that are kept alive. Payloads up to 98,304 bytes.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 */
export function restTransport(options: RestTransportOptions = {}): Transport {
  const { endpoint, ca, ...credentials } = options;
  parseOptions(optionsSchema(), options, 'restTransport');
  const endpointNow = createEndpoint(endpoint);
  const tokens = createTokenProvider(credentials);
  const http = createHttpClient({
    maxAnswerBytes: MAX_ANSWER_BYTES,
    ca: () => ca ?? caFromEnvironment(),
  });
  let isClosed = false;

  async function exchange(request: HttpRequest): Promise<HttpAnswer> {
    if (isClosed) throw new BroadcastError('INVALID_OPTIONS', 'the transport was closed');
    try {
      return await http.request(request);
    } catch (failure) {
      throw errorOfHttpFailure(failure, request.timeoutMs);
    }
  }

  function attempt(
    method: string,
    path: string,
    body: Buffer | undefined,
    options: AttemptOptions,
  ): Promise<HttpAnswer> {
    const { signal, broadcastId } = options;
    return withToken(tokens, options, async (token, timeoutMs) => {
      const headers = headersFor(token, body !== undefined, broadcastId);
      const answer = await exchange({ base: endpointNow(), method, path, headers, body, timeoutMs, signal });
      if (answer.status >= 200 && answer.status < 300) return answer;
      throw errorOfAnswer(answer.status, answer.retryAfter, answer.body);
    });
  }

  return {
    name: 'rest',
    maxPayloadBytes: MAX_REST_SEND_BYTES,
    encode: encodeForRest,
    async send(connectionId, payload, attemptOptions) {
      await attempt('POST', `${pathOf(connectionId)}:send`, payload.wire as Buffer, attemptOptions);
    },
    async get(connectionId, attemptOptions) {
      const { body } = await attempt('GET', pathOf(connectionId), undefined, attemptOptions);
      return connectionInfo(body);
    },
    async disconnect(connectionId, attemptOptions) {
      await attempt('DELETE', pathOf(connectionId), undefined, attemptOptions);
    },
    onInvocation: tokens.onInvocation,
    async close() {
      isClosed = true;
      http.close();
    },
  };
}

function headersFor(
  token: string,
  hasBody: boolean,
  broadcastId: string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  if (hasBody) headers['Content-Type'] = 'application/json';
  if (broadcastId !== undefined) headers[BROADCAST_HEADER] = encodeURIComponent(broadcastId);
  return headers;
}

/** The whole request body, made once per broadcast. */
function encodeForRest(payload: Payload): EncodedPayload {
  const bytes =
    typeof payload === 'string'
      ? Buffer.from(payload)
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  checkSize(bytes.length, MAX_REST_SEND_BYTES);
  const type = typeof payload === 'string' ? 'TEXT' : 'BINARY';
  return { bytes: bytes.length, wire: Buffer.from(JSON.stringify({ data: bytes.toString('base64'), type })) };
}

function pathOf(connectionId: string): string {
  checkConnectionId(connectionId);
  return BASE_PATH + encodeURIComponent(connectionId);
}

/** `z.iso` would bring all of its formats into the bundle. */
const timeSchema = () => z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text))));

const infoSchema = lazily(() =>
  z.object({
    id: z.string(),
    gatewayId: z._default(z.string(), ''),
    identity: z._default(
      z.object({ sourceIp: z._default(z.string(), ''), userAgent: z._default(z.string(), '') }),
      { sourceIp: '', userAgent: '' },
    ),
    connectedAt: timeSchema(),
    lastActiveAt: timeSchema(),
  }),
);

function connectionInfo(body: string): ConnectionInfo {
  const result = infoSchema().safeParse(parseJson(body));
  if (!result.success)
    throw new BroadcastError('UNKNOWN', 'the gateway described the connection in an unknown format');
  const { id, gatewayId, identity, connectedAt, lastActiveAt } = result.data;
  return {
    id,
    gatewayId,
    ...identity,
    connectedAt: Date.parse(connectedAt),
    lastActiveAt: Date.parse(lastActiveAt),
  };
}
