import * as z from 'zod/mini';
import { BROADCAST_HEADER } from '../model/diagnostics.js';
import { functionOption, lazily, parseOptions } from '../base/options.js';
import { MAX_SEND_BYTES } from '../base/protocol.js';
import type { AttemptOptions, Payload, Transport } from '../model/transport.js';
import { caFromEnvironment } from './ca.js';
import { createTokenProvider, type TokenProviderOptions } from '../base/credentials/token-provider.js';
import { createEndpoint, type EndpointOption } from './endpoint.js';
import { readConnection, requestHead, sendTail } from './grpc-messages.js';
import { createHttp2Client, type Http2Client } from '../http2/client.js';
import { createExchange, type ExchangeAnswer, type RequestTemplate } from '../http2/exchange.js';
import { errorOfGrpcAnswer } from './outcome.js';
import { checkConnectionId, checkSize } from './payload-limits.js';
import { withToken } from './with-token.js';

/** Where the gateway is, as whom to speak, and whom to trust. */
export interface GrpcTransportOptions extends TokenProviderOptions {
  /**
   * Where the connection management API is: `https://` and host, without a path; or `http://` for a server
   * that speaks HTTP/2 without TLS. A function is asked before every attempt. Default: the environment
   * variable `YC_BROADCAST_ENDPOINT`, else the cloud's address.
   */
  readonly endpoint?: EndpointOption;
  /**
   * PEM of the authorities to trust instead of the well-known ones. Default: the file that the environment
   * variable `YC_BROADCAST_CA` names, if it does.
   */
  readonly ca?: string | undefined;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    endpoint: z.optional(z.union([z.string(), functionOption<() => string>()])),
    ca: z.optional(
      z.string().check(z.includes('-----BEGIN CERTIFICATE-----', 'expected certificates in PEM')),
    ),
    token: z.optional(z.unknown()),
    metadataUrl: z.optional(z.string()),
    iamUrl: z.optional(z.string()),
  }),
);

const SERVICE = '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/';

const SEND = templateFor('Send', false);
const GET = templateFor('Get', true);
const DISCONNECT = templateFor('Disconnect', false);
const NOTHING = Buffer.alloc(0);

/**
 * Reaches connections over the gRPC API, which takes raw bytes: payloads up to 131,072 bytes. All attempts
 * share one session of HTTP/2, several when the gateway's limit of requests per session is reached. Idle, it
 * keeps no process alive. A session that was silent for ten seconds is asked whether it lives before it is
 * trusted again, since instances of functions are paused between calls.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 */
export function grpcTransport(options: GrpcTransportOptions = {}): Transport {
  const { endpoint, ca, ...credentials } = options;
  parseOptions(optionsSchema(), options, 'grpcTransport');
  const endpointNow = createEndpoint(endpoint);
  const tokens = createTokenProvider(credentials);
  const clients = createClients(() => ca ?? caFromEnvironment());
  const watched = createWatchedSends();

  function attempt(
    template: RequestTemplate,
    connectionId: string,
    tail: Buffer,
    options: AttemptOptions,
  ): Promise<ExchangeAnswer> {
    checkConnectionId(connectionId);
    const head = requestHead(connectionId, tail.length);
    const { signal } = options;
    return withToken(tokens, options, async (token, timeoutMs) => {
      const client = clients.at(endpointNow());
      const endsAt = Date.now() + timeoutMs;
      const answer = await new Promise<ExchangeAnswer>((onAnswer, onFailure) => {
        client.request(createExchange({ template, token, head, tail, endsAt, signal, onAnswer, onFailure }));
      });
      const error = errorOfGrpcAnswer(answer);
      if (error !== undefined) throw error;
      return answer;
    });
  }

  return {
    name: 'grpc',
    maxPayloadBytes: MAX_SEND_BYTES,
    encode(payload) {
      const data = bytesOf(payload);
      checkSize(data.length, MAX_SEND_BYTES);
      return { bytes: data.length, wire: sendTail(data, typeof payload === 'string') };
    },
    async send(connectionId, payload, attemptOptions) {
      const { broadcastId } = attemptOptions;
      const template = broadcastId === undefined ? SEND : watched(broadcastId);
      await attempt(template, connectionId, payload.wire as Buffer, attemptOptions);
    },
    async get(connectionId, attemptOptions) {
      const { body } = await attempt(GET, connectionId, NOTHING, attemptOptions);
      return readConnection(body);
    },
    async disconnect(connectionId, attemptOptions) {
      await attempt(DISCONNECT, connectionId, NOTHING, attemptOptions);
    },
    onInvocation: tokens.onInvocation,
    async close() {
      clients.close();
    },
  };
}

function templateFor(method: string, wantsBody: boolean): RequestTemplate {
  return {
    path: `${SERVICE}${method}`,
    headers: [
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ['user-agent', 'yc-broadcast'],
    ],
    wantsBody,
  };
}

/** Broadcasts at a time of which a local gateway is told cheaply. */
const MAX_WATCHED = 100;

/** Sends that carry the id of their broadcast; sessions remember templates, so there is one for each. */
function createWatchedSends(): (broadcastId: string) => RequestTemplate {
  const templates = new Map<string, RequestTemplate>();
  return (id) => {
    const known = templates.get(id);
    if (known !== undefined) return known;
    if (templates.size === MAX_WATCHED) templates.clear();
    const headers = [...SEND.headers, [BROADCAST_HEADER, encodeURIComponent(id)] as const];
    const template = { ...SEND, headers };
    templates.set(id, template);
    return template;
  };
}

function bytesOf(payload: Payload): Buffer {
  return typeof payload === 'string'
    ? Buffer.from(payload)
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

/** One client for each address. There is hardly ever more than one. */
interface Clients {
  at(endpoint: URL): Http2Client;
  close(): void;
}

function createClients(ca: () => string | undefined): Clients {
  const clients = new Map<string, Http2Client>();
  /** An endpoint is nearly always the very same object as the last time. */
  let latest: { readonly endpoint: URL; readonly client: Http2Client } | undefined;
  let isClosed = false;

  function open(endpoint: URL): Http2Client {
    const client = createHttp2Client({ ...originOf(endpoint), ca });
    if (isClosed) client.close();
    clients.set(endpoint.origin, client);
    return client;
  }

  return {
    at(endpoint) {
      if (latest?.endpoint !== endpoint) {
        latest = { endpoint, client: clients.get(endpoint.origin) ?? open(endpoint) };
      }
      return latest.client;
    },
    close() {
      isClosed = true;
      for (const client of clients.values()) client.close();
    },
  };
}

function originOf({ protocol, hostname, host, port }: URL) {
  const scheme = protocol === 'https:' ? ('https' as const) : ('http' as const);
  const defaultPort = scheme === 'https' ? 443 : 80;
  return {
    scheme,
    authority: host,
    // An IPv6 address stands in brackets in a URL only.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? defaultPort : Number(port),
  };
}
