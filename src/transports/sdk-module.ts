/**
 * The official SDK, in the one shape that both of its majors are brought to. Nothing here names its types: it
 * is optional.
 */
import { BroadcastError } from '../base/errors.js';

/** What is needed of one `ConnectionServiceClient`. */
export interface SdkClient {
  send(request: object, options: SdkCallOptions): Promise<unknown>;
  get(request: object, options: SdkCallOptions): Promise<SdkConnection>;
  disconnect(request: object, options: SdkCallOptions): Promise<unknown>;
}

export interface SdkCallOptions {
  readonly deadline: Date;
  readonly signal: AbortSignal;
  onHeader(metadata: SdkMetadata): void;
  onTrailer(metadata: SdkMetadata): void;
}

export interface SdkMetadata {
  get(key: string): string | undefined;
}

export interface SdkConnection {
  readonly id: string;
  readonly gatewayId: string;
  readonly identity?: { readonly sourceIp: string; readonly userAgent: string } | undefined;
  readonly connectedAt?: Date | undefined;
  readonly lastActiveAt?: Date | undefined;
}

export interface Sdk {
  readonly messages: SdkMessages;
  open(target: string, iamToken: string, ca: string | undefined): SdkClient;
}

interface SdkMessages {
  readonly SendToConnectionRequest: { fromPartial(message: object): object };
  readonly GetConnectionRequest: { fromPartial(message: object): object };
  readonly DisconnectRequest: { fromPartial(message: object): object };
}

type SessionClass = new (config: object) => { client(service: unknown, target: string): SdkClient };

const PACKAGE = '@yandex-cloud/nodejs-sdk';

/** Imports the package that is installed. Rejects with `INVALID_OPTIONS` that says how to install it. */
export async function importSdk(): Promise<Sdk> {
  try {
    // Bundlers see the names, the compiler does not: the types are more files than this package has, and 2.x
    // lacks some.
    /* eslint-disable @typescript-eslint/no-unnecessary-type-assertion */
    const main: unknown = await import('@yandex-cloud/nodejs-sdk' as string);
    const sdk = sdkOf(main);
    if (sdk !== undefined) return sdk;
    const { Session } = own(main);
    const service = own(
      await import('@yandex-cloud/nodejs-sdk/serverless-apigateway-websocket-v1' as string),
    );
    return givenSdk({ Session, ...service });
  } catch (cause) {
    if (cause instanceof BroadcastError) throw cause;
    const problem = `sdkTransport needs the package ${PACKAGE}, which cannot be imported`;
    throw new BroadcastError('INVALID_OPTIONS', `${problem}: npm install ${PACKAGE}`, { cause });
  }
}

/** The SDK out of what somebody imported. Throws `INVALID_OPTIONS` when it is something else. */
export function givenSdk(module: unknown): Sdk {
  const sdk = sdkOf(module);
  if (sdk !== undefined) return sdk;
  const expected =
    'expected the module of 2.x, or of 3.x { Session, connectionService }, ' +
    'the second from its subpath serverless-apigateway-websocket-v1';
  throw new BroadcastError('INVALID_OPTIONS', `sdk: ${expected}`, { path: ['sdk'] });
}

/** 2.x has everything in one module; 3.x has the service in a module of its own. */
function sdkOf(module: unknown): Sdk | undefined {
  const { Session, serviceClients, cloudApi, connectionService } = own(module);
  const messages = connectionService ?? at(cloudApi, 'serverless', 'apigateway_connection_service');
  const service =
    at(connectionService, 'ConnectionServiceClient') ??
    at(serviceClients, 'WebSocketConnectionServiceClient');
  if (typeof Session !== 'function' || service === undefined || messages === undefined) return undefined;
  const SessionOfSdk = Session as SessionClass;
  return {
    messages: messages as SdkMessages,
    open(target, iamToken, ca) {
      const ssl = ca === undefined ? {} : { ssl: { rootCerts: Buffer.from(ca) } };
      return new SessionOfSdk({ iamToken, ...ssl }).client(service, target);
    },
  };
}

/** A CommonJS module's exports, whether or not their names were found out on import. */
function own(module: unknown): Readonly<Record<string, unknown>> {
  const named = (module ?? {}) as Readonly<Record<string, unknown>>;
  return named['Session'] === undefined && typeof named['default'] === 'object'
    ? (named['default'] as Readonly<Record<string, unknown>>)
    : named;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path)
    found = typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined;
  return found;
}
