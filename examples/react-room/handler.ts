import { createHash } from 'node:crypto';
import { ClientFacingError, createApp, presence } from 'yc-broadcast';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { name, visitor, wall } from './contract.js';

const { ORIGINS, YC_BROADCAST_LOCAL_ORIGINS } = process.env;

const app = createApp({
  contract: wall,
  store: ydbStore(), // the environment says where: in the cloud, and under `yc-broadcast dev --store`
  origins: (ORIGINS ?? YC_BROADCAST_LOCAL_ORIGINS ?? 'http://localhost:4510').split(','),
  history: { maxEntries: 200, maxAgeMs: 24 * 60 * 60 * 1000 },
  rooms: { join: true, presence: presence({ describe: ({ attributes }) => attributes['name'] }) },
  authenticate({ query }) {
    const { data } = visitor.safeParse(query);
    if (data === undefined) return undefined;
    const user = createHash('sha256').update(data.key).digest('base64url').slice(0, 16);
    return { user, attributes: { name: data.name } };
  },
});

app.on('pin', async ({ data: { room, text }, connection, to }) => {
  if (!(await connection.rooms()).includes(room))
    throw new ClientFacingError('NOT_IN_ROOM', 'join the room first', ['data', 'room']);
  const { user = '', attributes } = connection;
  await to(room).send('pinned', { user, name: name.parse(attributes['name']), text, at: Date.now() });
});

export const handler = app.handler;
