/**
 * The contract is itself tested: each of these stores breaks a rule, and the case that names its fault
 * refuses it.
 */
import { AssertionError } from 'node:assert';
import { describe, expect, it } from '@jest/globals';
import { BroadcastError } from 'yc-broadcast';
import { CONNECTION_TTL_MS } from 'yc-broadcast/stores';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { storeContract, type StoreBackend } from 'yc-broadcast/testing';
import { STATE_MUTANTS } from '../support/broken-states.js';
import * as faults from '../support/broken-stores.js';
import { documentStore } from '../support/document-store.js';
import { sharedMemory } from '../support/shared-memory.js';

/** What is wrong, which case says so, and how it is done. */
type Mutant = readonly [fault: string, refusedBy: string, how: faults.Fault];

const MUTANTS: readonly Mutant[] = [
  [
    'forgets the user',
    'get returns a connection as it was put',
    faults.changingRead((connection) => ({ ...connection, user: undefined })),
  ],
  [
    'finds somebody for every id',
    'get knows nothing of an id that was never put',
    (store) => ({ get: async (id) => (await store.get(id)) ?? (await store.get('bystander')) }),
  ],
  [
    'keeps the object that it was given',
    'put and setAttributes keep a copy, which the caller cannot change afterwards',
    faults.keepingObjects,
  ],
  [
    'begins without rooms when a connection comes twice',
    'connecting twice replaces everything but the rooms',
    (store) => ({
      put: async (connection) => {
        for (const room of await store.rooms(connection.id)) await store.leave(connection.id, room);
        return store.put(connection);
      },
    }),
  ],
  [
    'keeps the first of two connects',
    'connecting twice with another user moves the connection to that user',
    (store) => ({
      put: async (connection) => ((await store.get(connection.id)) ? 'stored' : store.put(connection)),
    }),
  ],
  [
    'merges attributes',
    'setAttributes replaces all attributes and nothing else, in listings too',
    (store) => ({
      setAttributes: async (id, attributes) =>
        store.setAttributes(id, { ...(await store.get(id))?.attributes, ...attributes }),
    }),
  ],
  [
    'lists the attributes of earlier',
    'setAttributes replaces all attributes and nothing else, in listings too',
    faults.listingOldAttributes,
  ],
  [
    'creates a connection to give it attributes',
    'setAttributes answers false for an unknown connection and creates none',
    (store, { now }) => ({
      setAttributes: async (id, attributes) => {
        if (await store.setAttributes(id, attributes)) return true;
        await store.put({ id, attributes, connectedAt: now(), expiresAt: now() + CONNECTION_TTL_MS });
        return false;
      },
    }),
  ],
  [
    'takes 25 memberships with a connection and leaves the rest',
    'remove takes a connection out of all its rooms, its user and everyone',
    faults.leavingMemberships,
  ],
  [
    'removes 100 ids at most',
    'remove takes a batch of any size with its memberships, and nobody else',
    (store) => ({ remove: (ids) => store.remove(ids.slice(0, 100)) }),
  ],
  [
    'removes everybody when nobody is named',
    'remove takes unknown ids, repeated ids and none at all',
    (store) => ({
      remove: (ids) => store.remove(ids.length === 0 ? ['bystander', 'next-door', 'stranger'] : ids),
    }),
  ],
  ['cannot be closed twice', 'close may be called twice', faults.closingOnce()],
  [
    'has to leave once for every join',
    'join puts a connection into a room once, however often it is called',
    (store) => {
      const joins = new Map<string, number>();
      return {
        join: async (id, room) => {
          joins.set(id + room, (joins.get(id + room) ?? 0) + 1);
          return store.join(id, room);
        },
        leave: async (id, room) => {
          joins.set(id + room, (joins.get(id + room) ?? 0) - 1);
          if (joins.get(id + room) === 0) await store.leave(id, room);
        },
      };
    },
  ],
  [
    'remembers joins for those who come later',
    'join of an unknown connection reports absent and remembers nothing',
    faults.joiningInAdvance,
  ],
  [
    'leaves all rooms at once',
    'leave takes a connection out of one room and leaves it in the others',
    (store) => ({
      leave: async (id) => {
        for (const room of await store.rooms(id)) await store.leave(id, room);
      },
    }),
  ],
  [
    'refuses to let go whom it does not know',
    'leave does nothing for a room the connection is not in, or an unknown connection',
    (store) => ({
      leave: async (id, room) => {
        if ((await store.get(id)) === undefined) throw new BroadcastError('INVALID_OPTIONS', 'unknown id');
        await store.leave(id, room);
      },
    }),
  ],
  [
    'counts everyone in every room',
    'two rooms and one user: each audience has its own members',
    (store) => ({ count: (audience) => store.count('room' in audience ? { all: true } : audience) }),
  ],
  [
    'takes a user for a room',
    'a room, a user and a connection of the same name are not mixed up',
    (store) => ({
      list: (audience, options) =>
        store.list('user' in audience ? { room: audience.user } : audience, options),
    }),
  ],
  [
    'ends a listing with its second page',
    'list with a page size of 1 lists everybody once',
    (store) => ({
      list: async (audience, options) => {
        const page = await store.list(audience, options);
        return options.after === undefined ? page : { ...page, done: true };
      },
    }),
  ],
  [
    'turns small pages round',
    'list has one order, whatever the page size and whoever joins or leaves',
    (store) => ({
      list: async (audience, options) => {
        const page = await store.list(audience, options);
        return options.limit > 5 ? page : { ...page, connections: page.connections.toReversed() };
      },
    }),
  ],
  [
    'gives the last one of a page again',
    'list continues behind any id that it listed',
    (store) => ({
      list: async (audience, options) => {
        const last = options.after === undefined ? undefined : await store.get(options.after);
        const page = await store.list(audience, options);
        return last === undefined
          ? page
          : { ...page, connections: [last, ...page.connections].slice(0, options.limit) };
      },
    }),
  ],
  [
    'continues only behind those who are there',
    'list continues behind an id that has left, was removed or has expired',
    (store) => ({
      list: async (audience, options) => {
        const isGone = options.after !== undefined && (await store.get(options.after)) === undefined;
        return isGone ? { connections: [], done: true } : store.list(audience, options);
      },
    }),
  ],
  [
    'never ends the listing of an empty room',
    'list of an audience without members ends and has none',
    (store) => ({
      list: async (audience, options) => {
        const page = await store.list(audience, options);
        return page.connections.length > 0 ? page : { ...page, done: false, next: 'x' };
      },
    }),
  ],
  [
    'lists everybody in each shard',
    'list of shard k of n has exactly the ids that fall on it',
    (store) => ({ list: (audience, options) => store.list(audience, { ...options, shard: undefined }) }),
  ],
  [
    'lists nobody in a shard that does not exist',
    'list refuses a limit or a shard that does not exist with INVALID_OPTIONS',
    (store) => ({
      list: async (audience, options) =>
        options.shard?.count === 0 ? { connections: [], done: true } : store.list(audience, options),
    }),
  ],
  [
    'lists several rooms one after the other',
    'several rooms: who is in more than one is listed once, with those it is in, and counted once',
    faults.listingRoomAfterRoom({ skipsKnown: false }),
  ],
  [
    'looks for who was listed by where everybody is now',
    'several rooms: who moves between them while they are listed is listed once',
    faults.listingRoomAfterRoom({ skipsKnown: true }),
  ],
  [
    'names one room of each member',
    'several rooms: pages of any size name the rooms of everybody in them',
    (store) => ({
      list: async (audience, options) => {
        const page = await store.list(audience, options);
        return {
          ...page,
          connections: page.connections.map((one) => ({ ...one, rooms: one.rooms?.slice(0, 1) })),
        };
      },
    }),
  ],
  [
    'lists nobody where no room is named',
    'several rooms: a repeated room is one, and none or more than 100 are refused with INVALID_OPTIONS',
    (store) => ({
      list: async (audience, options) =>
        'rooms' in audience && audience.rooms.length === 0
          ? { connections: [], done: true }
          : store.list(audience, options),
    }),
  ],
  [
    'counts a member of two rooms twice',
    'several rooms: who is in more than one is listed once, with those it is in, and counted once',
    (store) => ({
      count: async (audience) => {
        if (!('rooms' in audience)) return store.count(audience);
        const counts = await Promise.all(audience.rooms.map((room) => store.count({ room })));
        return counts.reduce((sum, count) => sum + count, 0);
      },
    }),
  ],
  [
    'counts 5,000 at most',
    'list lists each of 10,000 members once, and count counts them',
    (store) => ({ count: async (audience) => Math.min(5000, await store.count(audience)) }),
  ],
  [
    'lets a connection live one millisecond longer',
    'expiry: absent for every method exactly at expiresAt, and present one step before',
    (store) => ({ put: (connection) => store.put({ ...connection, expiresAt: connection.expiresAt + 1 }) }),
  ],
  [
    'lets a connection die one millisecond early',
    'expiry: absent for every method exactly at expiresAt, and present one step before',
    (store) => ({ put: (connection) => store.put({ ...connection, expiresAt: connection.expiresAt - 1 }) }),
  ],
  ['counts the expired', 'expiry: expired members neither end a listing nor count', faults.countingExpired],
  [
    'ends a listing where nobody of a page is left',
    'expiry: expired members neither end a listing nor count',
    faults.endingAtGaps,
  ],
  [
    'keeps the expiry of the first connect',
    'expiry: connecting twice prolongs a connection, in its rooms too',
    (store) => ({
      put: async (connection) => {
        const before = await store.get(connection.id);
        return store.put({ ...connection, expiresAt: before?.expiresAt ?? connection.expiresAt });
      },
    }),
  ],
  [
    'begins a new life with every join',
    'expiry: neither setAttributes nor join nor leave prolongs a connection',
    (store, { now }) => ({
      join: async (id, room) => {
        const found = await store.get(id);
        if (found !== undefined) await store.put({ ...found, expiresAt: now() + CONNECTION_TTL_MS });
        return store.join(id, room);
      },
    }),
  ],
  [
    'gives who is too late another minute',
    'expiry: a connection that is put too late is absent at once',
    (store, { now }) => ({
      put: (connection) =>
        store.put({ ...connection, expiresAt: Math.max(connection.expiresAt, now() + 60_000) }),
    }),
  ],
  [
    'remembers the removal of those only whom it knew',
    'race: a disconnect that overtakes its connect wins',
    (store) => ({
      remove: async (ids) => {
        for (const id of ids) if ((await store.get(id)) !== undefined) await store.remove([id]);
      },
    }),
  ],
  [
    'says joined of somebody who was removed',
    'race: a join after the removal reports absent',
    (store) => ({
      join: async (id, room) => {
        await store.join(id, room);
        return 'joined';
      },
    }),
  ],
  [
    'pages by the number of those before',
    'race: remove while listing: nobody who stays is missed, nobody who is gone is listed',
    faults.pagingByOffset,
  ],
  [
    'pages by the number of those before, some of whom are new',
    'race: join and leave while listing: who is there throughout is listed once',
    faults.pagingByOffset,
  ],
  [
    'keeps an index of users apart',
    'race: connecting twice at the same time stores one connection',
    faults.indexingUsersLate,
  ],
  [
    'lists from a snapshot',
    'race: a page does not list who left before it was asked for',
    faults.listingSnapshots,
  ],
  [
    'caches what it has read',
    'two instances: what one has written the other reads at once',
    faults.cachingReads,
  ],
  [
    'knows only its own cursors',
    'two instances: a listing that one has begun goes on at the other',
    faults.cursorsOfOneInstance,
  ],
  ['closes for everyone', 'two instances: closing one leaves the other at work', faults.closingForAll()],
  [
    'lets the later time stamp win',
    'clock skew: the later call holds, whichever clock is ahead',
    faults.lastTimeStampWins(),
  ],
  [
    'lets a connect of a later time stamp win over the removal',
    'clock skew: a removal wins, whichever clock is ahead',
    faults.removalsByTimeStamp(),
  ],
  [
    'does not see who connected in its future',
    'clock skew: both instances list a connection that lives for both',
    faults.blindForTheFuture,
  ],
  [
    'trims ids',
    'names: awkward connection ids are kept apart from their like',
    (store) => ({ put: (connection) => store.put({ ...connection, id: connection.id.trim() || 'blank' }) }),
  ],
  [
    'takes composed and decomposed letters for the same',
    'names: awkward rooms and users are kept apart from their like',
    faults.renamingRooms((room) => room.normalize()),
  ],
  [
    'takes capitals and small letters for the same',
    'names: awkward rooms and users are kept apart from their like',
    faults.renamingRooms((room) => room.toLowerCase()),
  ],
  [
    'cuts names off at 1,000 characters',
    'names: 1,024 bytes are kept to the last one',
    faults.renamingRooms((room) => room.slice(0, 1000)),
  ],
  [
    'takes a name of any length',
    'names: more than 1,024 bytes are refused with INVALID_OPTIONS',
    (store) => ({ get: async (id) => (id.length > 500 ? undefined : store.get(id)) }),
  ],
  [
    'counts nobody in a room without a name',
    'names: an empty name is refused by every method with INVALID_OPTIONS',
    (store) => ({
      count: async (audience) => ('room' in audience && audience.room === '' ? 0 : store.count(audience)),
    }),
  ],
  [
    'throws at the call',
    'names: an empty name is refused by every method with INVALID_OPTIONS',
    (store) => ({
      rooms: (id) => {
        if (id === '') throw new BroadcastError('INVALID_OPTIONS', 'id: expected a non-empty string');
        return store.rooms(id);
      },
    }),
  ],
  [
    'refuses with an error of its own',
    'names: an empty name is refused by every method with INVALID_OPTIONS',
    (store) => ({
      get: async (id) => {
        if (id === '') throw new RangeError('id is empty');
        return store.get(id);
      },
    }),
  ],
  [
    'takes half a character',
    'names: U+0000 and half a surrogate pair are refused with INVALID_OPTIONS',
    (store) => ({
      join: async (id, room) => (/\p{Surrogate}/u.test(room) ? 'absent' : store.join(id, room)),
    }),
  ],
  [
    'takes composed and decomposed letters for the same in histories',
    'names: histories of awkward rooms are kept apart from their like',
    faults.renamingHistories((room) => room.normalize()),
  ],
  [
    'keeps a history for a room without a name',
    'names: a history refuses what is not a name with INVALID_OPTIONS',
    faults.renamingHistories((room) => room || 'nameless'),
  ],
  [
    'trims texts',
    'history: offsets count 1, 2, 3, and texts come back unchanged',
    faults.showing((entries) => entries.map((entry) => ({ ...entry, data: entry.data.trim() }))),
  ],
  [
    'counts from 0',
    'history: offsets count 1, 2, 3, and texts come back unchanged',
    faults.altering((history) => ({
      append: async (room, data, limits) => {
        const { offset, epoch } = await history.append(room, data, limits);
        return { offset: offset - 1, epoch };
      },
    })),
  ],
  [
    'gives the newest entry first',
    'history: a read without since gives the newest entries, oldest first',
    faults.showing((entries) => entries.toReversed()),
  ],
  [
    'gives the entry at the position again',
    'history: a read gives what follows a position, nothing behind the newest',
    faults.altering((history) => ({
      read: (room, { since, limit }) =>
        history.read(room, { since: since && { ...since, offset: Math.max(0, since.offset - 1) }, limit }),
    })),
  ],
  [
    'never says that there is more',
    'history: more tells that a limit cut the answer, and reading goes on behind it',
    faults.altering((history) => ({
      read: async (room, options) => ({ ...(await history.read(room, options)), more: false }),
    })),
  ],
  [
    'takes a limit of 0 for none',
    'history: a limit of 0 reads the position only; other wrong limits are refused',
    faults.altering((history) => ({
      read: (room, options) => history.read(room, { ...options, limit: options.limit || 1000 }),
    })),
  ],
  [
    'keeps one entry less than it may',
    'history: keeps as many entries as it may, and answers recovered: false once one is missing',
    faults.altering((history) => ({
      append: (room, data, limits) =>
        history.append(room, data, { ...limits, maxEntries: limits.maxEntries - 1 }),
    })),
  ],
  [
    'gives a part and says it is all',
    'history: keeps as many entries as it may, and answers recovered: false once one is missing',
    faults.givingParts,
  ],
  [
    'keeps an entry one millisecond longer',
    'history: keeps an entry until exactly maxAgeMs, then answers recovered: false',
    faults.altering((history) => ({
      append: (room, data, limits) =>
        history.append(room, data, { ...limits, maxAgeMs: limits.maxAgeMs + 1 }),
    })),
  ],
  [
    'tells everyone of a loss when nothing is left',
    'history: when every entry has aged, the numbers go on and nobody who was up to date is told of a loss',
    faults.altering((history) => ({
      read: async (room, options) => {
        const isEmpty = (await history.read(room, { limit: 1 })).entries.length === 0;
        const read = await history.read(room, options);
        return isEmpty && options.since !== undefined ? { ...read, recovered: false } : read;
      },
    })),
  ],
  [
    'has no position in an empty room',
    'history: the position of an empty room is good to go on from',
    faults.altering((history) => ({
      read: async (room, options) => {
        const read = await history.read(room, options);
        return read.position.offset > 0 ? read : { ...read, position: { offset: 0, epoch: '' } };
      },
    })),
  ],
  [
    'does not look at the epoch',
    'history: a position of another epoch, or beyond the newest entry, is answered recovered: false',
    faults.altering((history) => ({
      read: async (room, { since, limit }) => {
        const { epoch } = (await history.read(room, { limit: 0 })).position;
        return history.read(room, { since: since && { ...since, epoch }, limit });
      },
    })),
  ],
  [
    'has one history for all rooms',
    'history: rooms have their own numbers, and members do not matter',
    faults.altering((history) => ({
      append: (room, data, limits) => history.append(room === 'attic' ? 'lobby' : room, data, limits),
    })),
  ],
  [
    'gives out an offset before it has it',
    'history: appending at the same time leaves no gap and no entry out',
    faults.countingLate,
  ],
  [
    'counts alone',
    'two instances: appending at the same time leaves no gap and no entry out',
    faults.countingAlone,
  ],
  [
    'has an epoch of its own in each instance',
    'two instances: a room that both find empty has one epoch',
    faults.epochOfOneInstance,
  ],
  [
    'drops the aged one by one',
    'clock skew: the entries of two instances have no hole while they age',
    faults.showing((entries, now) => entries.filter(({ at }) => at + 60_000 > now)),
  ],
  [
    'has one epoch for ever',
    'history: has another epoch after it was lost, so that old positions are not taken for new ones',
    faults.oneEpochForever,
  ],
  [
    'trims the texts of records',
    'records: a text comes back unchanged, with the version that its write gave',
    faults.alteringRecords((records) => ({
      write: (key, value, options) => records.write(key, value.trim(), options),
    })),
  ],
  [
    'overwrites records whatever their version',
    'records: a write is refused unless its version is the latest',
    faults.alteringRecords((records) => ({
      write: async (key, value, options) =>
        records.write(key, value, { ...options, ifVersion: (await records.read(key))?.version }),
    })),
  ],
  [
    'counts the versions of a record',
    'records: a removed record is absent, and its versions are never valid again',
    faults.countingVersions,
  ],
  [
    'keeps a record one millisecond longer',
    'records: absent exactly after ttlMs, and present one step before',
    faults.alteringRecords((records) => ({
      write: (key, value, options) => records.write(key, value, { ...options, ttlMs: options.ttlMs + 1 }),
    })),
  ],
  [
    'keeps every record for a minute at least',
    'records: each write begins a new time, shorter or longer, and reading does not',
    faults.alteringRecords((records) => ({
      write: (key, value, options) =>
        records.write(key, value, { ...options, ttlMs: Math.max(options.ttlMs, 60_000) }),
    })),
  ],
  [
    'loses the end of a long text',
    'records: 262,144 bytes are kept to the last one, and one more is refused',
    faults.alteringRecords((records) => ({
      write: (key, value, options) => records.write(key, value.slice(0, 262_143), options),
    })),
  ],
  [
    'takes half a character in a record',
    'records: a wrong key, text or time is refused with INVALID_OPTIONS',
    faults.alteringRecords((records) => ({
      write: (key, value, options) => records.write(key, value.toWellFormed(), options),
    })),
  ],
  [
    'takes composed and decomposed letters for the same in keys',
    'records: keys are kept apart from their like, and from what else has their name',
    faults.alteringRecords((records) => ({
      write: async (key, value, options) => {
        const ifVersion = (await records.read(key.normalize()))?.version;
        return records.write(key.normalize(), value, { ...options, ifVersion });
      },
      read: (key) => records.read(key.normalize()),
    })),
  ],
  [
    'looks at the version before it writes',
    'records: of two first writes at the same time one wins, and what is read is its text',
    faults.checkingLate,
  ],
  ['looks at the version first', 'records: adding at the same time loses nothing', faults.checkingLate],
  [
    'caches records',
    'two instances: what one has written to a record the other reads at once',
    faults.cachingRecords,
  ],
  [
    'looks at the version, then writes',
    'two instances: of two writes at the same time one wins, and what is read is its text',
    faults.checkingLate,
  ],
  [
    'looks, then writes',
    'two instances: adding to a record at the same time loses nothing',
    faults.checkingLate,
  ],
  [
    'lets the later time stamp win in records',
    'clock skew: a record lives for each instance until its own clock is there, and versions decide',
    faults.recordsByTimeStamp(),
  ],
  [
    'keeps its epochs through a failover',
    'failover: a history that lost appends has another epoch when it is read',
    faults.oneEpochForever,
  ],
  [
    'keeps the epoch of a history that goes on after a failover',
    'failover: a history that lost appends has another epoch when it goes on, and no hole',
    faults.oneEpochForever,
  ],
  [
    'counts the versions of a record beside it',
    'failover: a record is as it was before the lost write, whose version is never valid again',
    faults.countingVersions,
  ],
  [
    'takes all of a user with one of them',
    'repeat: a removal that is repeated lets nobody else go, and stays',
    (store) => ({
      remove: async (ids) => {
        for (const id of ids) {
          const user = (await store.get(id))?.user;
          if (user === undefined) continue;
          const { connections } = await store.list({ user }, { limit: 100 });
          await store.remove(connections.map((each) => each.id));
        }
      },
    }),
  ],
  ...STATE_MUTANTS,
];

const REFUSED_FOR_FORGETTING = [
  'race: a disconnect that overtakes its connect wins',
  'race: a removal is remembered for as long as a connection can live',
  'race: a removal in a batch is remembered for every id of it',
  'two instances: a disconnect at one wins over the connect at the other',
];

const REFUSED_FOR_REPEATING = [
  'repeat: a join that is repeated does not undo a leave that came since',
  'repeat: a leave that is repeated does not undo a join that came since',
  'repeat: setAttributes that is repeated does not undo what came since',
  'repeat: put that is repeated does not undo what came since',
  'repeat: an append that is repeated is appended once',
  'repeat: a write on top of which another one wrote does not tell its winner that it lost',
  'repeat: the removal of a record that is repeated does not remove what was written since',
];

const REFUSED_FOR_WRITING_BACK = [
  'race: connect and disconnect at the same time leave nothing',
  'race: connecting twice while disconnecting leaves nothing',
  'race: join and disconnect at the same time leave nothing',
  'race: setAttributes and disconnect at the same time leave nothing',
  'race: joins at the same time are all remembered',
  'race: attributes and rooms that change at the same time do not undo each other',
  'two instances: a disconnect at one wins over the join at the other',
  'two instances: joins at the same time are all remembered',
];

function caseOf(backend: StoreBackend, name: string) {
  const found = storeContract(backend).find((each) => each.name === name);
  if (found === undefined) throw new Error(`the contract has no case '${name}'`);
  return found;
}

/**
 * Why a case refuses a store; `undefined` when it accepts it. A mistake in the mutant itself is no refusal.
 */
async function refusal(backend: StoreBackend, name: string): Promise<string | undefined> {
  try {
    await caseOf(backend, name).run();
    return undefined;
  } catch (reason) {
    if (reason instanceof AssertionError || reason instanceof BroadcastError) return reason.message;
    throw reason;
  }
}

describe('storeContract', () => {
  it.each(storeContract(sharedMemory()))('accepts a store that keeps every rule: $name', ({ run }) => run());

  it.each(MUTANTS)('refuses a store that %s: %s', async (_fault, refusedBy, how) => {
    const backend = sharedMemory((store, instance) => ({ ...store, ...how(store, instance) }));
    expect(await refusal(backend, refusedBy)).toBeDefined();
  });

  it.each(REFUSED_FOR_FORGETTING)('refuses a store that forgets a removal: %s', async (refusedBy) => {
    const rememberMs = refusedBy.includes('as long as') ? 60_000 : 0;
    expect(await refusal(documentStore(rememberMs), refusedBy)).toBeDefined();
  });

  it.each(REFUSED_FOR_WRITING_BACK)(
    'refuses a store that reads, waits and writes back: %s',
    async (refusedBy) => {
      expect(await refusal(documentStore(CONNECTION_TTL_MS), refusedBy)).toBeDefined();
    },
  );

  it.each(REFUSED_FOR_REPEATING)('refuses a store that repeats calls blindly: %s', async (refusedBy) => {
    const memory = sharedMemory();
    const backend: StoreBackend = {
      ...memory,
      async loseAnswer(instance, call, meanwhile) {
        const store = await memory.open(instance);
        await call(store);
        await meanwhile();
        return call(store);
      },
    };
    expect(await refusal(backend, refusedBy)).toBeDefined();
  });

  it('has no case that refuses nothing', () => {
    const refusing = new Set([
      ...MUTANTS.map(([, refusedBy]) => refusedBy),
      ...REFUSED_FOR_FORGETTING,
      ...REFUSED_FOR_WRITING_BACK,
      ...REFUSED_FOR_REPEATING,
    ]);
    const names = storeContract(sharedMemory()).map(({ name }) => name);
    expect(names.filter((name) => !refusing.has(name))).toEqual([]);
  });

  it('accepts that store where one call waits for the other', async () => {
    const sequential = storeContract(documentStore(CONNECTION_TTL_MS)).filter(({ name }) =>
      /^(get|put|connecting|setAttributes|remove|join|leave|expiry|race: a )/.test(name),
    );
    expect(sequential.length).toBeGreaterThan(15);
    for (const { run } of sequential) await run();
  });

  it('does not let a case pass that a backend cannot take', async () => {
    const alone = storeContract({ open: ({ now }) => memoryStore({ now }), lacks: ['sharing', 'history'] });
    const skipped = alone.filter(({ skip }) => skip);
    expect(skipped.map(({ name }) => name)).toContain(
      'two instances: joins at the same time are all remembered (not applicable: the backend lacks sharing)',
    );
    for (const { name, run } of skipped) await expect(run()).rejects.toThrow(name);
  });

  it.each(['history', 'records', 'state'] as const)(
    'refuses a backend that denies the %s its store has',
    async (it) => {
      const backend: StoreBackend = { open: ({ now }) => memoryStore({ now }), lacks: [it] };
      expect(await refusal(backend, 'get returns a connection as it was put')).toMatch(
        `store.${it} and lacks`,
      );
    },
  );

  it('takes a backend that keeps whole seconds at its word', async () => {
    const inSeconds = sharedMemory((store) => ({
      ...store,
      put: (connection) =>
        store.put({ ...connection, expiresAt: Math.floor(connection.expiresAt / 1000) * 1000 }),
    }));
    const name = 'expiry: absent for every method exactly at expiresAt, and present one step before';
    expect(await refusal({ ...inSeconds, timeStepMs: 1000 }, name)).toBeUndefined();
  });

  it('gives each case a namespace of its own and drops it afterwards', async () => {
    const opened: string[] = [];
    const dropped: string[] = [];
    const memory = sharedMemory();
    const backend: StoreBackend = {
      open: (instance) => {
        opened.push(instance.namespace);
        return memory.open(instance);
      },
      drop: (namespace) => {
        dropped.push(namespace);
      },
    };
    const cases = storeContract(backend).slice(0, 5);
    await Promise.all([...cases, ...cases].map(({ run }) => run()));
    expect(new Set(opened).size).toBe(10);
    expect(dropped.sort()).toEqual(opened.sort());
    for (const namespace of opened) expect(namespace).toMatch(/^[a-z][a-z0-9]{20}$/);
  });

  it('has a name of its own for each case', () => {
    const names = storeContract(sharedMemory()).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
