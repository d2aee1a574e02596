import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import {
  checkStateChanges,
  checkStateRead,
  stateTooLarge,
  type StateChange,
  type StateResult,
  type StateStore,
} from '../../model/state.js';
import {
  currentRow,
  EMPTY_HEAD,
  isLive,
  readStatePage,
  shownRow,
  type KeptRow,
  type KeptState,
} from '../../model/state-page.js';
import type { RedisCalls } from './calls.js';
import { CHANGE_STATE, GET_STATE, NO_END, READ_STATE, ROW } from './state-scripts.js';

export interface RedisStateDeps {
  readonly calls: RedisCalls;
  readonly keyPrefix: string;
  /** A call is not repeated after so long, in milliseconds. */
  readonly timeoutMs: number;
  readonly now: () => number;
}

export function redisState({ calls, keyPrefix, timeoutMs, now }: RedisStateDeps): StateStore {
  function keyOf(room: string): string {
    return `${keyPrefix}:state:${room}`;
  }

  async function keptAbove(room: string, version: number): Promise<KeptState> {
    const reply = await calls.run(READ_STATE, keyOf(room), randomUUID(), version);
    if (reply === null) return { head: EMPTY_HEAD, rows: [] };
    const [head, epoch, floor, ...fields] = reply as [string, string, string, ...string[]];
    return {
      head: { version: Number(head), epoch, floor: Number(floor) },
      rows: toRows(fields),
    };
  }

  return {
    async change(room, changes) {
      checkStateChanges(room, changes);
      const at = now();
      const args = changes.flatMap((change) => argsOf(change, at));
      const reply = await calls.run(
        CHANGE_STATE,
        keyOf(room),
        ...[at, randomUUID(), randomUUID(), timeoutMs, ...args],
      );
      return toResult(reply as [string, ...string[]], at);
    },
    async read(room, options) {
      checkStateRead(room, options);
      return readStatePage((version) => keptAbove(room, version), { ...options, now });
    },
    async get(room, map, key) {
      checkName(room, 'room');
      const field = fieldOf({ map: checkName(map, 'map'), key: checkName(key, 'key') });
      const text = (await calls.run(GET_STATE, keyOf(room), field)) as string | null;
      const row = text === null ? undefined : toRow(field, text);
      const at = now();
      return row !== undefined && isLive(row, at) ? shownRow(row, at) : undefined;
    },
  };
}

function fieldOf({ map, key }: Pick<StateChange, 'map' | 'key'>): string {
  return `${ROW}${map}\0${key}`;
}

/** Field, row without its version, and the version that the key must have or nothing. */
function argsOf(change: StateChange, at: number): (string | number)[] {
  const { value, ttlMs, ifVersion = '' } = change;
  const lifeMs = value === undefined ? 0 : ttlMs;
  const ends = lifeMs === undefined ? NO_END : String(at + lifeMs);
  return [fieldOf(change), value === undefined ? ends : `${ends} ${value}`, ifVersion];
}

function toResult([outcome, ...fields]: readonly [string, ...(string | number)[]], at: number): StateResult {
  if (outcome === 'full') throw stateTooLarge(fields[0] === 'keys' ? 'keys' : 'bytes');
  if (outcome === 'changed') {
    const [version, epoch] = fields;
    return { changed: true, position: { version: Number(version), epoch: String(epoch) } };
  }
  return { changed: false, rows: toRows(fields.map(String)).map((row) => currentRow(row, at)) };
}

/** Fields and rows in turn. */
function toRows(fields: readonly string[]): KeptRow[] {
  const rows: KeptRow[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    rows.push(toRow(fields[index] as string, fields[index + 1] as string));
  }
  return rows;
}

/** `text` is empty for a key that was never set. */
function toRow(field: string, text: string): KeptRow {
  const [map = '', key = ''] = field.slice(ROW.length).split('\0');
  const [, version = 0, ends = NO_END, , value] = /^(\d+) (\S+)( ([^]*))?$/.exec(text) ?? [];
  return {
    map,
    key,
    version: Number(version),
    value,
    endsAt: ends === NO_END ? undefined : Number(ends),
  };
}
