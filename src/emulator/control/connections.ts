/** Connections as the inspector and `ls` see them. */
import type { ConnectionLimits, OpenConnection } from '../sockets/connections.js';
import { numberIn, type ControlRequest, type Endpoint } from './endpoint.js';
import type { ControlApiDeps } from './parts.js';
import { resolveTarget } from './targets.js';

/** Times are Unix milliseconds. */
export interface ConnectionRow {
  readonly id: string;
  readonly path: string;
  readonly connectedAt: number;
  readonly lastActiveAt: number;
  /** Messages from the client, and frames to it. */
  readonly received: number;
  readonly sent: number;
  /** When the gateway will close it, if the client stays silent, and because of which limit. */
  readonly closesAt: number;
  readonly closesBy: 'lifetime' | 'idle';
  readonly rooms: readonly string[];
}

/** Connections of the local gateway, as its control API lists them. */
export interface ConnectionPage {
  /** How many there are in all pages. */
  readonly total: number;
  readonly connections: readonly ConnectionRow[];
}

const MAX_PAGE = 500;

/**
 * `?search=` part of an id or path, `?target=` as in {@link resolveTarget}, `?sort=`, `?offset=`, `?limit=`.
 */
export const listConnections: Endpoint = {
  method: 'GET',
  path: 'connections',
  run(parts, { query }): ConnectionPage {
    const found = wanted(parts, query);
    const offset = numberIn(query, 'offset', 0, found.length);
    const limit = numberIn(query, 'limit', 100, MAX_PAGE);
    const page = found.slice(offset, offset + limit);
    return { total: found.length, connections: page.map((connection) => rowOf(parts, connection)) };
  },
};

/** One connection, with what it said of itself at the handshake. */
export const showConnection: Endpoint = {
  method: 'GET',
  path: 'connections/{id}',
  run(parts, { id }: ControlRequest) {
    const [connection] = resolveTarget(parts, id);
    if (connection === undefined) return undefined;
    const { handshake, socket } = connection;
    return {
      ...rowOf(parts, connection),
      template: handshake.template,
      pathParameters: handshake.pathParameters,
      sourceIp: handshake.sourceIp,
      userAgent: handshake.headers['User-Agent'] ?? '',
      origin: handshake.headers['Origin'] ?? '',
      subprotocol: socket.protocol,
    };
  },
};

function wanted(parts: ControlApiDeps, query: URLSearchParams): OpenConnection[] {
  const search = (query.get('search') ?? '').toLowerCase();
  const listed = resolveTarget(parts, query.get('target') ?? 'all').filter(
    ({ id, handshake }) => id.includes(search) || handshake.path.toLowerCase().includes(search),
  );
  const order = ORDERS.get(query.get('sort') ?? 'newest');
  return order === undefined ? listed : listed.sort(order);
}

type Order = (a: OpenConnection, b: OpenConnection) => number;

const ORDERS = new Map<string, Order>([
  ['newest', (a, b) => b.handshake.connectedAt - a.handshake.connectedAt],
  ['oldest', (a, b) => a.handshake.connectedAt - b.handshake.connectedAt],
  ['idle', (a, b) => a.lastActiveAt - b.lastActiveAt],
  ['received', (a, b) => b.received - a.received],
  ['sent', (a, b) => b.sent - a.sent],
]);

function rowOf({ limits, rooms }: ControlApiDeps, connection: OpenConnection): ConnectionRow {
  const { id, handshake, lastActiveAt, received, sent } = connection;
  const { path, connectedAt } = handshake;
  return {
    id,
    path,
    connectedAt,
    lastActiveAt,
    received,
    sent,
    ...endOf(connection, limits),
    rooms: rooms.roomsOf(id),
  };
}

function endOf(
  { handshake, lastActiveAt }: OpenConnection,
  { lifetimeMs, idleMs }: ConnectionLimits,
): Pick<ConnectionRow, 'closesAt' | 'closesBy'> {
  const ends = { lifetime: handshake.connectedAt + lifetimeMs, idle: lastActiveAt + idleMs };
  const closesBy = ends.lifetime < ends.idle ? 'lifetime' : 'idle';
  return { closesAt: ends[closesBy], closesBy };
}
