import type { Attributes, StoredConnection } from '../../connection.js';

/** A field of a reply. Integers come as text from a client with `stringNumbers`. */
type Field = string | number | null;

/** Fields of a connection, in this order: user, attributes, connectedAt, expiresAt. */
const WIDTH = 4;

export function toConnection(
  id: string,
  [user, attributes, connectedAt, expiresAt]: readonly Field[],
): StoredConnection {
  return {
    id,
    ...(user !== null && user !== undefined && { user: String(user) }),
    attributes: JSON.parse(String(attributes)) as Attributes,
    connectedAt: Number(connectedAt),
    expiresAt: Number(expiresAt),
  };
}

/** Connections one after the other, each with its id before its fields. */
export function toConnections(fields: readonly Field[]): StoredConnection[] {
  const connections: StoredConnection[] = [];
  for (let index = 0; index < fields.length; index += WIDTH + 1) {
    connections.push(toConnection(String(fields[index]), fields.slice(index + 1, index + 1 + WIDTH)));
  }
  return connections;
}
