import type { RoomRefusal, RoomState } from '../../base/protocol.js';
import { backoffMs } from '../../base/backoff.js';
import type { ClientClock } from '../base/clock.js';
import type { Stop } from '../base/emitter.js';
import type { ClientSocket } from '../connection/link.js';
import { fromServer, type RequestError } from '../requests/request-error.js';
import { createCatchUp, type Recovery } from './catch-up.js';
import { readState } from './read-state.js';
import type { Sequence } from './sequence.js';

/** Brings one room to where the page wants it: in or out, on the connection of the moment, with nothing missing. */
export interface Membership {
  /** Whether the page wants to be in. */
  isWanted: boolean;
  /** The server has been told that the page leaves, and has not answered. */
  isLeaving: boolean;
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
  /** The connection is in the room. */
  readonly onEntered: (link: ClientSocket, state: RoomState) => void;
  /** The room is in order: everything was delivered up to the moment, or part of it is lost. */
  readonly onSettled: (recovery: Recovery) => void;
  readonly onRefused: (error: RequestError) => void;
  readonly onLeft: () => void;
}

/** Messages overtake each other: this long is waited for a missing one before the history is asked. */
const GAP_PATIENCE_MS = 500;
const MIN_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;

/** Errors that another attempt may not meet. */
const TRANSIENT = ['NO_ANSWER', 'INTERNAL', 'STORE_UNAVAILABLE', 'RATE_LIMITED', 'CONNECTION_STALE'];

export function createMembership(parts: MembershipDeps): Membership {
  const { name: room, clock, sequence, current } = parts;
  const catchUp = createCatchUp(sequence);
  /** The connection that is in the room, as far as is known. */
  let joined: ClientSocket | undefined;
  let isBusy = false;
  let failures = 0;
  let stopWaiting: Stop | undefined;

  const isIn = (): boolean => joined !== undefined && joined === current();

  /** What is to be asked next, if anything. */
  function nextRequest(): '$join' | '$leave' | '$recover' | undefined {
    if (current() === undefined) return undefined;
    if (!membership.isWanted) return isIn() ? '$leave' : undefined;
    if (!isIn()) return '$join';
    if (!catchUp.hasMore && !sequence.hasGap) return undefined;
    return sequence.position === null ? '$join' : '$recover';
  }

  function settle(): void {
    if (isBusy || stopWaiting !== undefined) return;
    if (!membership.isWanted && !isIn()) parts.onLeft();
    if (nextRequest() === undefined) return;
    const isGap = isIn() && membership.isWanted && !catchUp.hasMore;
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
    const data = request === '$leave' ? { room } : { room, since: sequence.position };
    parts
      .ask(over, request, data)
      .then(
        (reply) => {
          if (request !== '$leave') took(over, reply as Partial<RoomState> | undefined);
          else if (isIn()) joined = undefined;
        },
        (error: unknown) => {
          // Of an earlier connection, it says nothing about this one.
          if (over !== current()) return;
          // Whether the server has taken it is not known: whoever is wanted again joins again.
          if (request === '$leave') joined = undefined;
          else failed(error as RequestError);
        },
      )
      .finally(() => {
        isBusy = false;
        membership.isLeaving = false;
        settle();
      });
  }

  function took(over: ClientSocket, said: Partial<RoomState> | undefined): void {
    if (over !== current()) return;
    const state = readState(said);
    if (state === undefined) {
      failures++;
      return;
    }
    const isNew = joined !== over;
    joined = over;
    if (!membership.isWanted) return;
    if (isNew) parts.onEntered(over, state);
    const recovery = catchUp.apply(state);
    failures = catchUp.isStuck ? failures + 1 : 0;
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
    settle,
    welcomed(over, state) {
      const { error, ...said } = (state ?? {}) as Partial<RoomRefusal & RoomState>;
      if (error !== undefined) failed(fromServer(error));
      else {
        failures = 0;
        took(over, said);
        // A welcome says `more` of rooms that did not fit.
        if (isIn()) failures = 0;
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
      catchUp.lost();
    },
  };
  return membership;
}
