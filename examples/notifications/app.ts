import {
  createApp,
  type App,
  type Authenticate,
  type Broadcaster,
  type ConnectionStore,
  type Transport,
} from 'yc-broadcast';
import { notifications, userName, type Order } from './contract.js';
import { answerRequest } from './endpoint.js';
import { createInboxes, INBOX_LIMITS, inboxOf, isInbox, neededParts } from './inbox.js';

export interface NotificationsOptions {
  readonly store: ConnectionStore;
  /** Signs what is published. */
  readonly secret: string;
  readonly origins: readonly string[];
  readonly transport?: Transport;
}

/** Whoever says a name is that person, which is enough to try it out. Check the session of your site here. */
const authenticate: Authenticate = ({ query }) => {
  const { data: user } = userName.safeParse(query['token']);
  return user === undefined ? undefined : { user };
};

export function createNotifications({ secret, ...options }: NotificationsOptions): App<typeof notifications> {
  if (secret === '') throw new Error('NOTIFY_SECRET: is empty, which would let anyone in');
  const { store } = options;
  const inboxes = createInboxes(store);
  const app = createApp({
    ...options,
    contract: notifications,
    authenticate,
    rooms: { join: isInbox, history: (room) => (isInbox(room) ? INBOX_LIMITS : undefined) },
    authorize: ({ connection, room }) => connection.user !== undefined && room === inboxOf(connection.user),
  });

  app.on('inbox', async ({ connection: { user = '' } }) => {
    const [kept, unread] = await Promise.all([inboxes.newest(user), inboxes.unread(user)]);
    return { kept, unread };
  });

  app.on('seen', async ({ connection: { user = '' }, broadcaster }) => {
    await inboxes.markSeen(user);
    await showBadge(broadcaster, user);
  });

  app.onOtherEvent(async ({ event, broadcaster }) => {
    switch (event.type) {
      case 'http':
        return answerRequest(event, {
          records: neededParts(store).records,
          secret,
          publish: (order, key) => publish(broadcaster, order, key),
        });
      case 'timer':
        return sendDigest(broadcaster);
      default:
        throw new Error(`nothing is done about ${event.type} events`);
    }
  });

  type Sender = Broadcaster<typeof notifications>;

  /** The key is the message's id: were it sent twice after all, pages would drop the second copy. */
  async function publish(broadcaster: Sender, { to, ...content }: Order, key: string) {
    const people = [...new Set(to)];
    const reports = await Promise.all(
      people.map((user) =>
        broadcaster
          .to(inboxOf(user))
          .send('notification', { ...content, at: Date.now() }, { idempotencyKey: key }),
      ),
    );
    await Promise.all(people.map((user) => showBadge(broadcaster, user)));
    return {
      kept: people.length,
      delivered: reports.reduce((sum, one) => sum + (one.kind === 'sent' ? one.delivered : 0), 0),
    };
  }

  /** On every device of a user. */
  async function showBadge(broadcaster: Sender, user: string): Promise<void> {
    await broadcaster.toUser(user).send('badge', { unread: await inboxes.unread(user) });
  }

  /**
   * To everybody what is theirs: one broadcast, a message of its own for each, and none for those who have
   * looked.
   */
  async function sendDigest(broadcaster: Sender): Promise<void> {
    await broadcaster.toAll().sendEach('digest', async ({ user = '' }) => {
      const unread = await inboxes.unread(user);
      const newest = unread === 0 ? undefined : (await inboxes.newest(user)).at(-1);
      return newest === undefined ? undefined : { unread, newest: newest.title };
    });
  }

  return app;
}
