import { SET_TYPE, type StateWrite } from '../../base/protocol.js';
import type { RequestError } from '../requests/request-error.js';
import type { RoomPort } from '../rooms/room-port.js';

/** Changes of keys on their way to the server: of one key, the newest only, one at a time. */
export interface StateWrites {
  /** Resolves with the server's answer to this change, or to a newer one of the key that took its place. */
  write(change: Omit<StateWrite, 'room'>): Promise<unknown>;
  /** The client is in the room. */
  resume(): void;
}

interface Slot {
  waiting: Omit<StateWrite, 'room'> | undefined;
  isBusy: boolean;
  startedAt: number;
  settle: { resolve: (answer: unknown) => void; reject: (error: unknown) => void }[];
}

/** Changes of one key begin at least so far apart: a pointer moves sixty times a second. */
const APART_MS = 100;

export function createStateWrites(port: RoomPort, onChanged: (answer: unknown) => void): StateWrites {
  const slots = new Map<string, Slot>();

  function pump(id: string, slot: Slot): void {
    const { waiting } = slot;
    if (slot.isBusy || waiting === undefined) return;
    const pauseMs = slot.startedAt + APART_MS - port.clock.now();
    if (pauseMs > 0) {
      slot.isBusy = true;
      port.clock.after(pauseMs, () => {
        slot.isBusy = false;
        pump(id, slot);
      });
      return;
    }
    const answer = port.ask(SET_TYPE, { room: port.name, ...waiting });
    // It waits for the next connection.
    if (answer === undefined) return;
    const { settle } = slot;
    slot.waiting = undefined;
    slot.settle = [];
    slot.isBusy = true;
    slot.startedAt = port.clock.now();
    answer
      .then(
        (said) => {
          onChanged(said);
          for (const { resolve } of settle) resolve(said);
        },
        (error: unknown) => {
          // Not known whether it arrived: a value may be set again, unless a newer one waits.
          const isRepeatable = (error as RequestError).code === 'NO_ANSWER' && waiting.ifVersion === undefined;
          if (isRepeatable) {
            slot.waiting ??= waiting;
            slot.settle.push(...settle);
          } else for (const { reject } of settle) reject(error);
        },
      )
      .finally(() => {
        slot.isBusy = false;
        if (slot.waiting === undefined) slots.delete(id);
        else pump(id, slot);
      });
  }

  return {
    write(change) {
      const id = JSON.stringify([change.map, change.key]);
      const slot = slots.get(id) ?? { waiting: undefined, isBusy: false, startedAt: -Infinity, settle: [] };
      slots.set(id, slot);
      slot.waiting = change;
      const outcome = new Promise((resolve, reject) => {
        slot.settle.push({ resolve, reject });
      });
      // Whoever does not wait for it sees what has become of the key.
      outcome.catch(() => undefined);
      pump(id, slot);
      return outcome;
    },
    resume() {
      for (const [id, slot] of slots) pump(id, slot);
    },
  };
}
