import {
  checkReadLimit,
  type HistoryPosition,
  type HistoryRead,
  type HistoryStore,
} from '../../model/store.js';
import type { DocumentApi } from './document-api.js';
import { isReadable, nextEntry, shown, type Entry } from './history-entries.js';
import { createHistoryRows } from './history-rows.js';
import { historyPartition } from './keys.js';
import { createSerialByName } from './serial-by-name.js';

/**
 * Histories as rows that are numbered without a counter: the next number is one more than the newest row's,
 * and a row is written only if its number is free. So two instances cannot use the same one, and none is left
 * out.
 *
 * Nothing is deleted: rows say until when and how many of them can be read, and the backend clears up.
 */
export function createHistory(api: DocumentApi, now: () => number): HistoryStore {
  const { newest, between, write, remember } = createHistoryRows(api, now);
  const inTurn = createSerialByName();

  async function append(room: string, next: (newest: Entry) => Entry): Promise<HistoryPosition> {
    for (;;) {
      const entry = next((await newest(room, 1))[0]);
      if (await write(room, entry)) return positionOf(entry);
    }
  }

  async function readNewest(room: string, limit: number): Promise<HistoryRead> {
    const entries = await newest(room, Math.max(1, limit));
    const [top] = entries;
    await remember(room, top);
    const readable = entries.filter((entry) => isReadable(entry, top, now())).slice(0, limit);
    return {
      recovered: true,
      entries: readable.reverse().map(shown),
      position: positionOf(top),
      more: false,
    };
  }

  async function readBehind(room: string, since: HistoryPosition, limit: number): Promise<HistoryRead> {
    const [top] = await newest(room, 1);
    await remember(room, top);
    const position = positionOf(top);
    const missed = top.offset - since.offset;
    const lost: HistoryRead = { recovered: false, entries: [], position, more: false };
    if (since.epoch !== top.epoch || since.offset < 0 || !Number.isSafeInteger(missed) || missed < 0)
      return lost;
    if (missed === 0) return { recovered: true, entries: [], position, more: false };
    const entries = await between(room, { ...top, offset: since.offset + 1 }, top, Math.max(1, limit));
    const [first] = entries;
    const isWhole = entries.length === Math.min(Math.max(1, limit), missed);
    if (first === undefined || !isWhole || !isReadable(first, top, now())) return lost;
    const asked = entries.slice(0, limit);
    return { recovered: true, entries: asked.map(shown), position, more: missed > asked.length };
  }

  return {
    async append(room, data, limits) {
      const name = historyPartition(room);
      return inTurn(name, () => append(room, (newest) => nextEntry(newest, data, limits, now())));
    },
    async read(room, { since, limit }) {
      checkReadLimit(limit);
      return since === undefined ? readNewest(room, limit) : readBehind(room, since, limit);
    },
  };
}

function positionOf({ offset, epoch }: Entry): HistoryPosition {
  return { offset, epoch };
}
