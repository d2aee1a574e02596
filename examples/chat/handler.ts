import { createHash } from 'node:crypto';
import {
  ClientFacingError,
  createApp,
  firstConnections,
  type Connection,
  type ConnectRequest,
} from 'yc-broadcast';
import { chat, room as roomName, visitor } from './contract.js';
import { announce, personOf } from './presence.js';
import { openStore } from './store.js';

const { ORIGINS, YC_BROADCAST_LOCAL_ORIGINS } = process.env;
const origins = (ORIGINS ?? YC_BROADCAST_LOCAL_ORIGINS ?? 'http://localhost:4510').split(/[\s,]+/);

/** How much of a room is kept for those who come, and for those who come back. */
const HISTORY = { maxEntries: 200, maxAgeMs: 7 * 24 * 60 * 60 * 1000 };
const MOST_ROOMS = 20;
const MOST_TABS = 50;

/** Addresses end up in logs, so the key comes in the one header that a page can set. */
const KEY_PROTOCOL = 'key.';

/**
 * No accounts here: who holds the key is the person. Its hash is public, so nobody can pose as somebody else.
 */
const authenticate = ({ query: { name }, subprotocols }: ConnectRequest) => {
  const key = subprotocols.find((one) => one.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length);
  const { data } = visitor.safeParse({ key, name });
  if (data === undefined) return undefined;
  const user = createHash('sha256').update(data.key).digest('base64url').slice(0, 16);
  return { user, attributes: { name: data.name } };
};

const store = await openStore();

const app = createApp({
  contract: chat,
  store,
  origins,
  // A browser wants one of those that it offers to be chosen; the key is not repeated.
  subprotocols: ['chat'],
  authenticate,
  // The client joins the rooms itself, so that it gets what it missed; the message `join` below tells the
  // others.
  rooms: { join: (name) => roomName.safeParse(name).data === name, history: HISTORY },
  authorize: async ({ connection, room }) => {
    const rooms = await store.rooms(connection.id);
    return rooms.includes(room) || rooms.length < MOST_ROOMS;
  },
});

app.onConnect((visit) => ({ message: { type: 'welcome', data: personOf(visit) } }));

app.on('join', async ({ data: { room }, connection, broadcaster }) => {
  const rooms = await connection.rooms();
  if (rooms.length >= MOST_ROOMS && !rooms.includes(room))
    throw new ClientFacingError('TOO_MANY_ROOMS', `leave a room first: ${MOST_ROOMS} at a time are enough`);
  await connection.join(room);
  return announce(broadcaster, room, [connection]);
});

app.on('leave', async ({ data: { room }, connection, broadcaster }) => {
  await connection.leave(room);
  await announce(broadcaster, room);
});

app.on('say', async ({ data: { room, text }, connection, messageId, broadcaster }) => {
  await requireRoom(connection, room);
  const from = personOf(connection);
  const said = { room, from, text, at: Date.now(), ref: messageId };
  // The page sends a message again when it has not seen the answer; the same id makes the others drop the
  // second copy.
  const idempotencyKey = messageId === undefined ? undefined : `${from.user}.${messageId}`;
  // To the whole room: what leaves somebody out has no place in the history. The author's page knows its own
  // message.
  const report = await broadcaster.to(room).send('said', said, { idempotencyKey });
  // With a queue, a large room is reached by workers, and nobody is counted yet.
  if (report.kind === 'dispatched')
    return { at: said.at, recipients: report.expected - 1, delivered: 0, stale: 0 };
  if (report.removed > 0) await announce(broadcaster, room);
  const { recipients, delivered, stale } = report;
  return { at: said.at, recipients: recipients - 1, delivered: Math.max(0, delivered - 1), stale };
});

app.on('rename', async ({ data: { name }, connection, broadcaster }) => {
  const tabs = await firstConnections(store, { user: personOf(connection).user }, MOST_TABS);
  await Promise.all(tabs.map(({ id, attributes }) => store.setAttributes(id, { ...attributes, name })));
  const rooms = new Set((await Promise.all(tabs.map(({ id }) => store.rooms(id)))).flat());
  await Promise.all([...rooms].map((room) => announce(broadcaster, room)));
});

app.onDisconnect(async ({ rooms, broadcaster }) => {
  await Promise.all(rooms.map((room) => announce(broadcaster, room)));
});

async function requireRoom(connection: Connection, room: string): Promise<void> {
  if ((await connection.rooms()).includes(room)) return;
  throw new ClientFacingError('NOT_IN_ROOM', 'join the room first', ['data', 'room']);
}

export const handler = app.handler;
