import { createHash } from 'node:crypto';
import { ClientFacingError, createApp, presence, type Connection } from 'yc-broadcast';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { kept, name, visitor, wall } from './contract.js';

const { ORIGINS, YC_BROADCAST_LOCAL_ORIGINS } = process.env;

const store = ydbStore(); // the environment says where: in the cloud, and under `yc-broadcast dev --store`
const MOST_SHOWN = 50;

const app = createApp({
  contract: wall,
  store,
  origins: (ORIGINS ?? YC_BROADCAST_LOCAL_ORIGINS ?? 'http://localhost:4510').split(','),
  rooms: {
    join: true,
    presence: presence({ describe: ({ attributes }) => attributes['name'] }),
    history: { maxEntries: 200, maxAgeMs: 24 * 60 * 60 * 1000 },
  },
  // A browser wants one of those that it offers to be chosen; the other one carries the key.
  subprotocols: ['wall'],
  authenticate({ query: { name }, subprotocols }) {
    const key = subprotocols.find((one) => one.startsWith('key.'))?.slice('key.'.length);
    const { data } = visitor.safeParse({ key, name });
    if (data === undefined) return undefined;
    const user = createHash('sha256').update(data.key).digest('base64url').slice(0, 16);
    return { user, attributes: { name: data.name } };
  },
});

app.on('notes', async ({ data: { room }, connection }) => {
  await requireRoom(connection, room);
  const { entries } = await store.history.read(room, { limit: MOST_SHOWN });
  // What is kept is the message as it was sent: `{ type, data, id }`.
  return entries.map(({ data }) => kept.parse(JSON.parse(data)));
});

app.on('pin', async ({ data: { room, text }, connection, to }) => {
  await requireRoom(connection, room);
  const { user, attributes } = connection;
  await to(room).send('pinned', { user, name: name.parse(attributes['name']), text, at: Date.now() });
});

async function requireRoom(connection: Connection, room: string): Promise<void> {
  if ((await connection.rooms()).includes(room)) return;
  throw new ClientFacingError('NOT_IN_ROOM', 'join the room first', ['data', 'room']);
}

export const handler = app.handler;
