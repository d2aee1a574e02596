import { BroadcastError } from '../../base/errors.js';
import { checkName } from '../../base/names.js';
import {
  checkStateChanges,
  checkStateRead,
  stateTooLarge,
  type StateChange,
  type StateResult,
  type StateStore,
} from '../../model/state.js';
import { isLive, readStatePage, shownRow } from '../../model/state-page.js';
import type { DocumentApi } from './document-api.js';
import { number, text, type Item } from './items.js';
import {
  isSweepDue,
  planOf,
  refusing,
  remembersFrom,
  sweptHead,
  type Known,
  type Plan,
} from './state-change.js';
import { headItem, nameOf, rowItem, type Head } from './state-items.js';
import { createStateMemory } from './state-memory.js';
import { createStateRows } from './state-rows.js';
import { createSerialByName } from './serial-by-name.js';

/**
 * The state of a room in one partition: its head, which has the counter, and a row for each key. A change is
 * a transaction over the head and its rows, each under the condition that it is as it was read. No change
 * leaves the head as it is, so what this instance remembers of a room is right as long as the head is.
 */
export function createState(api: DocumentApi, now: () => number): StateStore {
  const inTurn = createSerialByName();
  const memory = createStateMemory();
  const rows = createStateRows(api);

  async function write(room: string, { head: before, rows: kept }: Known, plan: Plan) {
    const puts = plan.rows.map((row) => {
      const old = kept.get(nameOf(row));
      const values = { ':v': number(old?.version ?? 0) };
      return putUnder(rowItem(room, row), old && 'v = :v', values);
    });
    const values = { ':v': number(before?.version ?? 0), ':h': text(before?.epoch ?? '') };
    const head = putUnder(headItem(room, plan.head), before && 'v = :v AND h = :h', values);
    return api.transact([head, ...puts].map((put) => ({ Put: { TableName: api.table, ...put } })));
  }

  /** With what is to be forgotten forgotten, if it is time or the room is full. */
  async function plan(
    room: string,
    known: Known,
    changes: readonly StateChange[],
    nonce: string,
  ): Promise<Plan> {
    const first = planOf(known, changes, now(), nonce);
    if (known.head === undefined || (first.full === undefined && !isSweepDue(known.head, now())))
      return first;
    const head = sweptHead(known.head, await rows.all(room), now());
    return planOf({ ...known, head }, changes, now(), nonce);
  }

  async function change(room: string, changes: readonly StateChange[]): Promise<StateResult> {
    const nonce = newNonce();
    const { pause } = api.backoff();
    let remembered = memory.recall(room, changes);
    /** The head behind which a change of ours may have been stored, for all that is known. */
    let unsure: { readonly head: Head | undefined } | undefined;
    for (; ; remembered = undefined) {
      const known = remembered ?? (await rows.read(room, changes));
      if (remembered === undefined) memory.compare(room, known.head);
      const own = known.head?.calls.find((call) => call.nonce === nonce);
      if (known.head !== undefined && own !== undefined) return changed(known.head, own.version);
      if (unsure !== undefined && !remembersFrom(unsure.head, known.head)) throw outcomeUnknown();
      const refused = refusing(known, changes, now());
      if (refused.length > 0 && remembered !== undefined) continue;
      if (refused.length > 0) return { changed: false, rows: refused };
      const planned = await plan(room, known, changes, nonce);
      if (planned.full !== undefined && remembered !== undefined) continue;
      if (planned.full !== undefined) throw stateTooLarge(planned.full);
      const outcome = await write(room, known, planned);
      if (outcome === 'done') {
        memory.remember(room, planned);
        return changed(planned.head, planned.head.version);
      }
      if (outcome === 'unsure') unsure ??= known;
      if (remembered !== undefined) memory.mistrust(room);
      else if (!(await pause())) throw outvoted();
    }
  }

  return {
    async change(room, changes) {
      checkStateChanges(room, changes);
      return inTurn(room, () => change(room, changes));
    },
    async read(room, options) {
      checkStateRead(room, options);
      return readStatePage((version) => rows.above(room, version, now()), { ...options, now });
    },
    async get(room, map, key) {
      checkName(room, 'room');
      const names = { map: checkName(map, 'map'), key: checkName(key, 'key') };
      const row = await rows.get(room, names);
      const at = now();
      return row !== undefined && isLive(row, at) ? shownRow(row, at) : undefined;
    },
  };
}

function changed({ epoch }: Head, version: number): StateResult {
  return { changed: true, position: { version, epoch } };
}

function newNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('base64url');
}

function outcomeUnknown(): BroadcastError {
  const message = 'YDB: an answer was lost, and whether this change was stored cannot be seen: read the key';
  return new BroadcastError('STORE_UNAVAILABLE', message);
}

function outvoted(): BroadcastError {
  const message = 'YDB: other instances changed the room at each attempt; change it less often';
  return new BroadcastError('STORE_UNAVAILABLE', message);
}

/** A row that must be as it was, or must not be there. */
function putUnder(Item: Item, condition: string | undefined, values: Item): object {
  if (condition === undefined) return { Item, ConditionExpression: 'attribute_not_exists(p)' };
  return { Item, ConditionExpression: condition, ExpressionAttributeValues: values };
}
