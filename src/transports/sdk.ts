import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import { functionOption, lazily, parseOptions } from '../base/options.js';
import { MAX_SEND_BYTES } from '../base/protocol.js';
import type {
  AttemptOptions,
  ConnectionInfo,
  EncodedPayload,
  Payload,
  Transport,
} from '../model/transport.js';
import { caFromEnvironment } from './ca.js';
import { createTokenProvider, type TokenProviderOptions } from '../base/credentials/token-provider.js';
import { createEndpoint, type EndpointOption } from './endpoint.js';
import { codeOfSdkError, excerpt, pushbackMs } from './outcome.js';
import { checkConnectionId, checkSize } from './payload-limits.js';
import {
  givenSdk,
  importSdk,
  type Sdk,
  type SdkCallOptions,
  type SdkClient,
  type SdkMetadata,
} from './sdk-module.js';
import { withToken } from './with-token.js';

/** Which SDK and session to use. */
export interface SdkTransportOptions extends TokenProviderOptions {
  /**
   * Where the connection management API is: `https://` and host, without a path; the SDK speaks nothing but
   * TLS. A function is asked before every attempt. Default: the environment variable `YC_BROADCAST_ENDPOINT`,
   * else the cloud's address.
   */
  readonly endpoint?: EndpointOption;
  /**
   * Certificates in PEM to trust instead of the machine's. Default: the file that the environment variable
   * `YC_BROADCAST_CA` names, if it does.
   */
  readonly ca?: string | undefined;
  /**
   * The SDK, if it should not be imported from `@yandex-cloud/nodejs-sdk` at the first call: the module of
   * 2.x, or `{ Session, connectionService }` of 3.x.
   */
  readonly sdk?: object | undefined;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    endpoint: z.optional(z.union([z.string(), functionOption<() => string>()])),
    ca: z.optional(z.string()),
    sdk: z.optional(z.looseObject({})),
    token: z.optional(z.unknown()),
    metadataUrl: z.optional(z.string()),
    iamUrl: z.optional(z.string()),
  }),
);

/**
 * Reaches connections through the official SDK, `@yandex-cloud/nodejs-sdk` 2.8 or 3.x, which has to be
 * installed beside this package: for those who want the official client. It costs several times the CPU of
 * the other transports. Payloads up to 131,072 bytes.
 *
 * The SDK has no way to close its connections. After `close()` calls are refused and those under way end; the
 * connections close by themselves when nobody has used them for a while, and do not keep the process alive.
 *
 * Throws `INVALID_OPTIONS` that names the option; calls reject with it when the SDK is not installed.
 */
export function sdkTransport(options: SdkTransportOptions = {}): Transport {
  const { endpoint, ca, sdk: given, ...credentials } = options;
  parseOptions(optionsSchema(), options, 'sdkTransport');
  const endpointNow = createEndpoint(endpoint);
  const tokens = createTokenProvider(credentials);
  const clients = createClients(() => ca ?? caFromEnvironment());
  const calls = createCalls();
  let sdk: Sdk | undefined = given === undefined ? undefined : givenSdk(given);

  async function attempt<T>(
    options: AttemptOptions,
    call: (client: SdkClient, messages: Sdk['messages'], options: SdkCallOptions) => Promise<T>,
  ): Promise<T> {
    calls.refuseIfClosed();
    const target = targetOf(endpointNow());
    sdk ??= await importSdk();
    const { messages, open } = sdk;
    return withToken(tokens, options, (token, timeoutMs) => {
      const client = clients.get(target, token, open);
      return calls.make({ timeoutMs, signal: options.signal }, (callOptions) =>
        call(client, messages, callOptions),
      );
    });
  }

  return {
    name: 'sdk',
    maxPayloadBytes: MAX_SEND_BYTES,
    encode: encodeForSdk,
    async send(connectionId, { wire }, attemptOptions) {
      checkConnectionId(connectionId);
      await attempt(attemptOptions, (client, { SendToConnectionRequest }, callOptions) =>
        client.send(
          SendToConnectionRequest.fromPartial({ connectionId, ...(wire as SdkPayload) }),
          callOptions,
        ),
      );
    },
    async get(connectionId, attemptOptions) {
      checkConnectionId(connectionId);
      return attempt(attemptOptions, async (client, { GetConnectionRequest }, callOptions) =>
        connectionInfo(await client.get(GetConnectionRequest.fromPartial({ connectionId }), callOptions)),
      );
    },
    async disconnect(connectionId, attemptOptions) {
      checkConnectionId(connectionId);
      await attempt(attemptOptions, (client, { DisconnectRequest }, callOptions) =>
        client.disconnect(DisconnectRequest.fromPartial({ connectionId }), callOptions),
      );
    },
    onInvocation: tokens.onInvocation,
    async close() {
      calls.close();
      clients.clear();
    },
  };
}

function targetOf({ protocol, hostname, port }: URL): string {
  if (protocol === 'https:') return `${hostname}:${port === '' ? 443 : port}`;
  throw new BroadcastError('INVALID_OPTIONS', 'endpoint: the SDK supports only TLS; expected https://', {
    path: ['endpoint'],
  });
}

/** The fields of a `SendToConnectionRequest` that are the same for every recipient. */
interface SdkPayload {
  /** A Buffer: of a string, the SDK would take the base64 for it. */
  readonly data: Buffer;
  readonly type: number;
}

/** By the numbers of the published enumeration. */
const TYPES = { binary: 1, text: 2 };

function encodeForSdk(payload: Payload): EncodedPayload {
  const isText = typeof payload === 'string';
  const data = isText
    ? Buffer.from(payload)
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  checkSize(data.length, MAX_SEND_BYTES);
  const wire: SdkPayload = { data, type: isText ? TYPES.text : TYPES.binary };
  return { bytes: data.length, wire };
}

function connectionInfo(connection: Awaited<ReturnType<SdkClient['get']>>): ConnectionInfo {
  const { id, gatewayId, identity, connectedAt, lastActiveAt } = connection;
  return {
    id,
    gatewayId,
    sourceIp: identity?.sourceIp ?? '',
    userAgent: identity?.userAgent ?? '',
    connectedAt: connectedAt?.getTime() ?? 0,
    lastActiveAt: lastActiveAt?.getTime() ?? 0,
  };
}

/**
 * A token belongs to a session of the SDK, so with each new one comes a new client; calls that overlap may
 * hold two.
 */
const MAX_CLIENTS = 4;

/** Clients by address and token, since every client that the SDK makes opens a connection of its own. */
function createClients(ca: () => string | undefined) {
  const clients = new Map<string, SdkClient>();
  return {
    get(target: string, token: string, open: Sdk['open']): SdkClient {
      const key = `${target} ${token}`;
      const known = clients.get(key);
      if (known !== undefined) return known;
      const client = open(target, token, ca());
      clients.set(key, client);
      const [oldest] = clients.keys();
      if (clients.size > MAX_CLIENTS && oldest !== undefined) clients.delete(oldest);
      return client;
    },
    clear: () => {
      clients.clear();
    },
  };
}

/** Calls under way: each ends with its time, its signal, or the transport. */
function createCalls() {
  const underWay = new Set<AbortController>();
  let isClosed = false;

  function refuseIfClosed(): void {
    if (isClosed) throw new BroadcastError('INVALID_OPTIONS', 'the transport was closed');
  }

  async function make<T>(
    { timeoutMs, signal }: AttemptOptions,
    call: (options: SdkCallOptions) => Promise<T>,
  ): Promise<T> {
    refuseIfClosed();
    const controller = new AbortController();
    const onAbort = (): void => {
      controller.abort();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    underWay.add(controller);
    let retryAfterMs: number | undefined;
    const note = (metadata: SdkMetadata): void => {
      retryAfterMs ??= pushbackMs(metadata.get('grpc-retry-pushback-ms'));
    };
    const deadline = new Date(Date.now() + timeoutMs);
    try {
      return await call({ deadline, signal: controller.signal, onHeader: note, onTrailer: note });
    } catch (cause) {
      throw errorOf(cause, isClosed, retryAfterMs);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      underWay.delete(controller);
    }
  }

  return {
    refuseIfClosed,
    make,
    close() {
      isClosed = true;
      for (const controller of underWay) controller.abort();
    },
  };
}

/** Whether a call that ended with the transport was carried out, nobody knows. */
function errorOf(cause: unknown, isClosed: boolean, retryAfterMs: number | undefined): BroadcastError {
  const code = codeOfSdkError(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  return code === 'ABORTED' && isClosed
    ? new BroadcastError('NO_ANSWER', 'the transport was closed', { cause })
    : new BroadcastError(code, `the SDK reports: ${excerpt(text)}`, { cause, retryAfterMs });
}
