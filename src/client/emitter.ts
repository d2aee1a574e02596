/** Takes a listener away again. May be called twice. */
export type Stop = () => void;

export interface Emitter {
  on(event: string, listener: (...values: never[]) => void): Stop;
  /** Returns whether anybody listens. */
  emit(event: string, ...values: unknown[]): boolean;
}

/** A listener that throws harms no other: its error surfaces where uncaught errors do. */
export function createEmitter(): Emitter {
  const listeners = new Map<string, Set<(...values: never[]) => void>>();
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
      for (const listener of all) {
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
