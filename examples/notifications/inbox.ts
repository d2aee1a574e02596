import type { ConnectionStore, HistoryLimits } from 'yc-broadcast';
import type { HistoryPosition, HistoryStore, RecordStore } from 'yc-broadcast/stores';
import * as z from 'zod/mini';
import { notification, type Notification } from './contract.js';

/**
 * An inbox is a room with a history: what is sent to it is kept and numbered, whether its owner is there or
 * not.
 */
export const inboxOf = (user: string): string => `inbox:${user}`;
export const isInbox = (room: string): boolean => room.startsWith('inbox:');

const DAY_MS = 24 * 60 * 60 * 1000;
export const INBOX_LIMITS: HistoryLimits = { maxEntries: 100, maxAgeMs: 30 * DAY_MS };
const SHOWN = 20;

const position = z.object({ offset: z.number(), epoch: z.string() });
const keptMessage = z.object({ id: z.string(), data: notification });

export interface ShownNotification extends Notification {
  readonly id: string;
}

export interface Inboxes {
  /** The newest notifications, the oldest first. */
  newest(user: string): Promise<ShownNotification[]>;
  unread(user: string): Promise<number>;
  markSeen(user: string): Promise<void>;
}

/**
 * Unread is what came after the place up to which the owner has looked. Nobody counts up or down, so that two
 * who publish at the same time, or a page that says twice that it has looked, cannot spoil a counter.
 */
export function createInboxes(store: ConnectionStore): Inboxes {
  const { history, records } = neededParts(store);
  const seenKey = (user: string): string => `seen:${user}`;

  async function end(user: string): Promise<HistoryPosition> {
    return (await history.read(inboxOf(user), { limit: 0 })).position;
  }

  return {
    async newest(user) {
      const { entries } = await history.read(inboxOf(user), { limit: SHOWN });
      return entries.map(({ data }) => {
        const { id, data: shown } = keptMessage.parse(JSON.parse(data));
        return { id, ...shown };
      });
    },
    async unread(user) {
      const [now, seen] = await Promise.all([end(user), records.read(seenKey(user))]);
      const before = seen === undefined ? undefined : position.parse(JSON.parse(seen.value));
      if (before?.epoch === now.epoch) return now.offset - before.offset;
      // Never looked, or so long ago that it is forgotten, like whatever there was then: what is kept counts.
      return (await history.read(inboxOf(user), { limit: INBOX_LIMITS.maxEntries })).entries.length;
    },
    async markSeen(user) {
      const key = seenKey(user);
      const value = JSON.stringify(await end(user));
      const seen = await records.read(key);
      // Whoever was faster has seen the same, or more.
      await records.write(key, value, { ifVersion: seen?.version, ttlMs: INBOX_LIMITS.maxAgeMs });
    },
  };
}

/** All stores of `yc-broadcast` have both; one of your own may not. */
export function neededParts(store: ConnectionStore): { history: HistoryStore; records: RecordStore } {
  const { history, records } = store;
  if (history === undefined || records === undefined)
    throw new Error(`the store '${store.name}' keeps no histories or no records`);
  return { history, records };
}
