import type { Identity, StoredConnection } from '../../model/connection.js';
import { checkServerData, type Contract } from '../../model/contract.js';
import { publish } from '../../model/diagnostics.js';
import { BroadcastError } from '../../base/errors.js';
import type { ConnectEvent } from '../../model/events.js';
import { messageId, serverMessageText } from '../fanout/message.js';
import { parseCookies } from '../../base/headers.js';
import type { PresencePublisher } from '../presence/presence.js';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import type { ConnectionStore } from '../../model/store.js';
import { requireMembership, type Authorize } from './connection-handle.js';
import type { Acceptance, Authenticate, CallTools, ConnectHook, ConnectRequest, Refusal } from './hooks.js';
import { isOriginAllowed, type Origins } from './origins.js';
import type { Rollback } from './rollback.js';
import { empty, errorResponse, jsonText, type GatewayResponse } from './responses.js';

export interface ConnectDeps<K extends Contract> {
  readonly contract: K | undefined;
  readonly origins: Origins;
  readonly subprotocols: readonly string[];
  readonly authenticate?: Authenticate | undefined;
  readonly authorize?: Authorize | undefined;
  readonly presence?: PresencePublisher | undefined;
  readonly onConnect?: ConnectHook<K> | undefined;
  readonly rollback: Rollback;
  readonly now: () => number;
  readonly report: (reason: unknown, during: string) => void;
}

/**
 * Origin, identity, hook, answer, store. The connection is stored as late as possible: the gateway cannot
 * reach it before this call has returned, and a broadcast that tried would take it for stale.
 */
export async function handleConnect<K extends Contract>(
  parts: ConnectDeps<K>,
  tools: CallTools<K>,
  event: ConnectEvent,
): Promise<GatewayResponse> {
  const request: ConnectRequest = { ...event, cookies: parseCookies(event.headers.get('cookie')) };
  const origin = event.headers.get('origin');
  if (!isOriginAllowed(parts.origins, origin)) {
    return errorResponse(403, {
      code: 'FORBIDDEN_ORIGIN',
      message: `origins does not list ${String(origin)}`,
    });
  }
  const identity = await identify(parts.authenticate, request);
  const rooms = new Set<string>();
  const accepted = await runHook(parts, tools, request, identity, rooms);
  if ('refused' in accepted) {
    const { statusCode, message } = accepted.refused;
    return errorResponse(statusCode, { code: 'REFUSED', message });
  }
  const settled = { ...identity, ...accepted };
  requireValid(parts, settled);
  const connection = storedConnection(event, settled);
  const response = acceptance(parts, event, accepted);
  parts.rollback.onFailure(() => takeBack(parts, tools, connection, rooms));
  await store(tools, connection, rooms);
  await Promise.all([...rooms].map(async (room) => parts.presence?.joined(connection, room)));
  return response;
}

async function takeBack<K extends Contract>(
  { presence }: ConnectDeps<K>,
  { broadcaster }: CallTools<K>,
  connection: StoredConnection,
  rooms: ReadonlySet<string>,
): Promise<void> {
  await broadcaster.store.remove([connection.id]);
  publish({ type: 'removed', connectionIds: [connection.id] });
  await Promise.all([...rooms].map(async (room) => presence?.left(connection, room)));
}

async function identify(authenticate: Authenticate | undefined, request: ConnectRequest): Promise<Identity> {
  if (authenticate === undefined) return {};
  const identity = await authenticate(request);
  if (typeof identity !== 'object')
    throw new BroadcastError('UNAUTHENTICATED', 'authenticate did not recognise this request');
  return identity;
}

async function runHook<K extends Contract>(
  { onConnect, authorize }: ConnectDeps<K>,
  tools: CallTools<K>,
  request: ConnectRequest,
  identity: Identity,
  rooms: Set<string>,
): Promise<Acceptance<K> | Refusal> {
  if (onConnect === undefined) return {};
  const connection = storedConnection(request, identity);
  const join = async (room: string): Promise<void> => {
    await requireMembership(authorize, connection, room);
    rooms.add(room);
  };
  const { user, attributes } = connection;
  return (await onConnect({ ...tools, request, user, attributes, join })) ?? {};
}

/** Years in seconds look like days of 1970. */
const LATEST_IN_SECONDS = 100_000_000_000;

/** A client with an expired proof would be told to come back at once, with the same. */
function requireValid<K extends Contract>(
  { now, report }: ConnectDeps<K>,
  { expiresAt = Infinity }: Identity,
): void {
  if (expiresAt > now()) return;
  if (expiresAt < LATEST_IN_SECONDS && expiresAt * 1000 > now()) {
    const problem = 'expiresAt: expected Unix milliseconds, got seconds; multiply by 1000';
    report(new BroadcastError('INVALID_OPTIONS', problem, { path: ['expiresAt'] }), 'connect');
  }
  throw new BroadcastError('UNAUTHENTICATED', 'expiresAt of the identity is not in the future');
}

function storedConnection(event: ConnectEvent, { user, attributes, expiresAt }: Identity): StoredConnection {
  return {
    id: event.connectionId,
    user,
    attributes: attributes ?? {},
    connectedAt: event.connectedAt,
    expiresAt: Math.min(event.connectedAt + CONNECTION_TTL_MS, expiresAt ?? Infinity),
  };
}

async function store<K extends Contract>(
  { broadcaster }: CallTools<K>,
  connection: StoredConnection,
  rooms: ReadonlySet<string>,
): Promise<void> {
  if ((await broadcaster.store.put(connection)) === 'removed') {
    throw new BroadcastError('CONNECTION_STALE', 'the client disconnected before it was accepted');
  }
  await Promise.all([...rooms].map((room) => join(broadcaster.store, connection.id, room)));
}

async function join(store: ConnectionStore, connectionId: string, room: string): Promise<void> {
  await store.join(connectionId, room);
  publish({ type: 'joined', connectionId, room });
}

function acceptance<K extends Contract>(
  { contract, subprotocols }: ConnectDeps<K>,
  event: ConnectEvent,
  { message, subprotocol }: Acceptance<K>,
): GatewayResponse {
  const chosen = subprotocol ?? event.subprotocols.find((offered) => subprotocols.includes(offered));
  const response = message === undefined ? empty() : jsonText(firstMessage(contract, message));
  if (chosen === undefined) return response;
  // The gateway writes header names in Go's canonical case, and this is how samples that work spell it.
  return { ...response, headers: { ...response.headers, 'Sec-Websocket-Protocol': chosen } };
}

function firstMessage(
  contract: Contract | undefined,
  { type, data }: { type: string; data: unknown },
): string {
  return serverMessageText({ type, data: checkServerData(contract, type, data), id: messageId(undefined) });
}
