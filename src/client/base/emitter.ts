/** Takes a listener away again. May be called twice. */
export type Stop = () => void;

/** A message by its type, a string, or what is no message, a number: neither can be taken for the other. */
export type EventName = string | number;

export interface Emitter {
  on(event: EventName, listener: (...values: never[]) => void): Stop;
  /** Returns whether anybody listens. */
  emit(event: EventName, ...values: unknown[]): boolean;
}

/** A listener that throws harms no other: its error surfaces where uncaught errors do. */
export function createEmitter(): Emitter {
  const listeners = new Map<EventName, Set<(...values: never[]) => void>>();
  return {
    on(event, listener) {
      // The same function may listen twice.
      const own: typeof listener = (...values) => {
        listener(...values);
      };
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(own));
      return () => {
        all.delete(own);
      };
    },
    emit(event, ...values) {
      const all = listeners.get(event) ?? new Set();
      // Those that listen from now on hear the next one.
      for (const listener of [...all]) {
        if (!all.has(listener)) continue;
        try {
          listener(...(values as never[]));
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
      return all.size > 0;
    },
  };
}
