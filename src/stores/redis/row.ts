import type { Attributes, StoredConnection } from '../../model/connection.js';

/** What the server keeps of a connection: user, attributes, connectedAt, expiresAt. */
export type Fields = readonly [string | null, string, string, string];

export function toConnection(
  id: string,
  [user, attributes, connectedAt, expiresAt]: Fields,
): StoredConnection {
  return {
    id,
    ...(user === null ? {} : { user }),
    attributes: JSON.parse(attributes) as Attributes,
    connectedAt: Number(connectedAt),
    expiresAt: Number(expiresAt),
  };
}

/** Ids and fields in turn. */
export function toConnections(rows: readonly (string | Fields)[]): StoredConnection[] {
  const connections: StoredConnection[] = [];
  for (let index = 0; index < rows.length; index += 2) {
    connections.push(toConnection(rows[index] as string, rows[index + 1] as Fields));
  }
  return connections;
}
