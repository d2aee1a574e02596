import { SET_TYPE, type StateWrite } from '../../base/protocol.js';
import { RequestError } from '../requests/request-error.js';
import { ROOM_EVENTS } from '../rooms/room-events.js';
import type { RoomPort } from '../rooms/room-port.js';
import { idOf } from './copy.js';

/** Changes of keys on their way to the server, those of one key one at a time. */
export interface StateWrites {
  /**
   * Resolves with the server's answer to this change. One without a condition may be left out when another
   * one of the key follows it: then, with the answer to that.
   */
  write(change: Omit<StateWrite, 'room'>): Promise<unknown>;
}

interface Write {
  change: Omit<StateWrite, 'room'>;
  readonly outcome: Promise<unknown>;
  readonly resolve: (answer: unknown) => void;
}

/** Of one key. */
interface Slot {
  waiting: readonly Write[];
  /** One is under way, or a pause is. */
  isBusy: boolean;
  startAt: number;
}

/** Changes of one key begin at least so far apart: a pointer moves sixty times a second. */
const APART_MS = 100;
/** The server or the connection is in trouble. */
const TROUBLE_MS = 1000;
/** Most keys that wait, and most changes of one of them. */
const MOST_WAITING = 1000;

/** `onAnswer` is told what the server says, and `undefined` when it is not known what became of a change. */
export function createStateWrites(port: RoomPort, onAnswer: (answer: unknown) => void): StateWrites {
  const { clock, name } = port;
  const slots = new Map<string, Slot>();
  let failure: RequestError | undefined;

  function pump(id: string, slot: Slot): void {
    if (slot.isBusy) return;
    const go = (): void => {
      slot.isBusy = false;
      pump(id, slot);
    };
    const pauseMs = slot.startAt - clock.now();
    const [write] = slot.waiting;
    if (pauseMs > 0) {
      slot.isBusy = true;
      clock.after(pauseMs, go);
    } else if (write === undefined) slots.delete(id);
    else {
      const answer = port.ask(SET_TYPE, { room: name, ...write.change });
      // It waits for the next connection.
      if (answer === undefined) return;
      slot.isBusy = true;
      slot.startAt = clock.now() + APART_MS;
      slot.waiting = slot.waiting.slice(1);
      answer
        .then(onAnswer, (error: unknown) => {
          failed(slot, write, (error as RequestError).code);
        })
        .finally(() => {
          if (slot.waiting[0] !== write) write.resolve(answer);
          go();
        });
    }
  }

  function failed(slot: Slot, write: Write, code: string): void {
    if (code === 'NO_ANSWER') onAnswer(undefined);
    // What was not handled, or a value that may be set again.
    const isRepeatable = code === 'NO_ANSWER' ? isPlain(write) : code === 'RATE_LIMITED';
    if (!isRepeatable || failure !== undefined) return;
    slot.startAt = clock.now() + TROUBLE_MS;
    const [next] = slot.waiting;
    // A newer one takes its place.
    if (isPlain(write) && isPlain(next)) write.resolve(next.outcome);
    else slot.waiting = [write, ...slot.waiting];
  }

  port.on(ROOM_EVENTS.answer, (said: unknown) => {
    if (said !== undefined) for (const [id, slot] of slots) pump(id, slot);
  });
  port.on(ROOM_EVENTS.outcome, (error: RequestError | undefined) => {
    failure ??= error;
    if (error === undefined) return;
    for (const { waiting } of slots.values())
      for (const { resolve } of waiting) resolve(Promise.reject(error));
    slots.clear();
  });

  return {
    write(change) {
      const id = idOf(change.map, change.key);
      const slot = slots.get(id) ?? { waiting: [], isBusy: false, startAt: 0 };
      const last = slot.waiting[slot.waiting.length - 1];
      const write = createWrite(change);
      if (isPlain(last) && isPlain(write)) {
        last.change = change;
        return last.outcome;
      }
      const isFull = Math.max(slots.size, slot.waiting.length) >= MOST_WAITING;
      if (failure !== undefined) write.resolve(Promise.reject(failure));
      else if (isFull) write.resolve(Promise.reject(new RequestError('QUEUE_FULL', `room ${name}`)));
      else {
        slot.waiting = [...slot.waiting, write];
        slots.set(id, slot);
        pump(id, slot);
      }
      return write.outcome;
    },
  };
}

/** Whether it has no condition: then a newer one may take its place. */
function isPlain(write: Write | undefined): write is Write {
  return write !== undefined && write.change.ifVersion === undefined;
}

function createWrite(change: Write['change']): Write {
  let resolve: Write['resolve'] = () => undefined;
  const outcome = new Promise((settle) => {
    resolve = settle;
  });
  // Whoever does not wait for it sees what has become of the key.
  outcome.catch(() => undefined);
  return { change, outcome, resolve };
}
