import type { RoomPosition, RoomRefusal, RoomState, RoomWant } from '../../base/protocol.js';
import { backoffMs } from '../../base/backoff.js';
import type { ClientClock } from '../base/clock.js';
import type { Stop } from '../base/emitter.js';
import type { ClientSocket } from '../connection/link.js';
import { fromServer, type RequestError } from '../requests/request-error.js';
import { createCatchUp, type Recovery } from './catch-up.js';
import { readState } from './read-state.js';
import type { Sequence } from './sequence.js';

/**
 * Brings one room to where the page wants it: in or out, on the connection of the moment, with nothing
 * missing.
 */
export interface Membership {
  /** Whether the page wants to be in. */
  isWanted: boolean;
  /** The server has been told that the page leaves, and has not answered. */
  isLeaving: boolean;
  /** The connection that is in the room, if it still is the client's. */
  readonly link: ClientSocket | undefined;
  /** Does what is to be done, one step at a time: the gateway keeps no order between a leave and a join. */
  settle(): void;
  /** What a welcome said of the room. */
  welcomed(link: ClientSocket, state: RoomState | RoomRefusal | null): void;
  /** A connection has broken. */
  lost(link: ClientSocket): void;
}

export interface MembershipDeps {
  readonly name: string;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly sequence: Sequence;
  readonly current: () => ClientSocket | undefined;
  readonly ask: (link: ClientSocket, type: string, data: object) => Promise<unknown>;
  /** What is asked for beside the room. */
  readonly want: () => RoomWant | undefined;
  /** What the server says of the room, before its messages are delivered. */
  readonly onAnswer: (said: Partial<RoomState> | undefined) => void;
  /** The connection is in the room. */
  readonly onEntered: (link: ClientSocket, state: RoomState) => void;
  /** The room is in order: everything was delivered up to the moment, or part of it is lost. */
  readonly onSettled: (recovery: Recovery) => void;
  readonly onRefused: (error: RequestError) => void;
  /** Tells of a failure that the room survives. */
  readonly complain: (error: RequestError) => void;
  readonly onLeft: () => void;
}

/** Messages overtake each other: this long is waited for a missing one before the history is asked. */
const GAP_PATIENCE_MS = 500;
const MIN_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;

/** Errors that another attempt may not meet. */
const TRANSIENT = ['NO_ANSWER', 'INTERNAL', 'STORE_UNAVAILABLE', 'RATE_LIMITED', 'CONNECTION_STALE'];

// Another closure would cost bytes of every page, of which 31 are left.
// eslint-disable-next-line house/function-length
export function createMembership(parts: MembershipDeps): Membership {
  const { name: room, clock, sequence, current } = parts;
  const catchUp = createCatchUp(sequence);
  /** The connection that is in the room, as far as is known. */
  let joined: ClientSocket | undefined;
  let isBusy = false;
  let failures = 0;
  /** What the app loads for the room was wanted and has not come. */
  let lacksLoad = false;
  /** The server is older than what is asked for beside the room. */
  let isOld = false;
  let stopWaiting: Stop | undefined;

  const isIn = (): boolean => joined !== undefined && joined === current();

  /** What is to be asked next, if anything. */
  function nextRequest(): '$join' | '$leave' | '$recover' | undefined {
    if (current() === undefined) return undefined;
    if (!membership.isWanted) return isIn() ? '$leave' : undefined;
    if (!isIn() || lacksLoad) return '$join';
    if (!catchUp.hasMore && !sequence.hasGap) return undefined;
    return sequence.position === null ? '$join' : '$recover';
  }

  function settle(): void {
    if (isBusy || stopWaiting !== undefined) return;
    if (!membership.isWanted && !isIn()) parts.onLeft();
    if (nextRequest() === undefined) return;
    const isGap = isIn() && membership.isWanted && !catchUp.hasMore && !lacksLoad;
    if (failures > 0) wait(backoffMs(failures, MIN_DELAY_MS, MAX_DELAY_MS, parts.random));
    else if (isGap) wait(GAP_PATIENCE_MS);
    else proceed();
  }

  function wait(delayMs: number): void {
    stopWaiting = clock.after(delayMs, () => {
      stopWaiting = undefined;
      proceed();
    });
  }

  function proceed(): void {
    const request = nextRequest();
    const over = current();
    if (request === undefined || over === undefined) return;
    isBusy = true;
    membership.isLeaving = request === '$leave';
    // What is loaded is loaded for who has no position.
    const isLoading = lacksLoad && isIn();
    const since = isLoading ? null : sequence.position;
    const want = isOld ? undefined : isLoading ? { load: true } : parts.want();
    const data = request === '$leave' ? { room } : { room, since, want };
    parts
      .ask(over, request, data)
      .then(
        (reply) => {
          if (request !== '$leave') took(over, reply as Partial<RoomState> | undefined, since);
          else if (isIn()) joined = undefined;
        },
        (error: unknown) => {
          // Of an earlier connection, it says nothing about this one.
          if (over !== current()) return;
          // Whether the server has taken it is not known: whoever is wanted again joins again.
          if (request === '$leave') joined = undefined;
          else if (want !== undefined && (error as RequestError).code === 'INVALID_MESSAGE') {
            isOld = true;
            lacksLoad = false;
            parts.complain(error as RequestError);
          } else failed(error as RequestError);
        },
      )
      .finally(() => {
        isBusy = false;
        membership.isLeaving = false;
        settle();
      });
  }

  function took(over: ClientSocket, said: Partial<RoomState> | undefined, since: RoomPosition | null): void {
    if (over !== current()) return;
    const state = readState(said);
    if (state === undefined) {
      failures++;
      return;
    }
    const isNew = joined !== over;
    joined = over;
    if (!membership.isWanted) return;
    lacksLoad = said?.load === undefined && (lacksLoad || since === null || !state.recovered);
    lacksLoad &&= !isOld && parts.want()?.load === true;
    parts.onAnswer(said);
    if (isNew) parts.onEntered(over, state);
    const recovery = catchUp.apply(state);
    failures = catchUp.isStuck || lacksLoad ? failures + 1 : 0;
    if (recovery !== undefined) parts.onSettled(recovery);
  }

  function failed(error: RequestError): void {
    if (!membership.isWanted) joined = undefined;
    else if (TRANSIENT.includes(error.code)) failures++;
    else {
      membership.isWanted = false;
      joined = undefined;
      parts.onRefused(error);
    }
  }

  const membership: Membership = {
    isWanted: true,
    isLeaving: false,
    get link() {
      return isIn() ? joined : undefined;
    },
    settle,
    welcomed(over, state) {
      const { error, ...said } = (state ?? {}) as Partial<RoomRefusal & RoomState>;
      if (error !== undefined) failed(fromServer(error));
      else {
        failures = 0;
        took(over, said, sequence.position);
        // A welcome says `more` of rooms that did not fit.
        if (isIn() && !lacksLoad) failures = 0;
      }
      settle();
    },
    lost(link) {
      if (link === joined) joined = undefined;
      if (current() !== undefined) return;
      // Whatever was waited for, the next welcome brings it.
      stopWaiting?.();
      stopWaiting = undefined;
      failures = 0;
      isOld = false;
      catchUp.lost();
    },
  };
  return membership;
}
