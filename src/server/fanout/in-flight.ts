import type { Pacer } from './pacer.js';

/** The sends of one broadcast that are under way. */
export interface Flight {
  /** Runs a send in a slot of the pacer. */
  start(send: () => Promise<void>): void;
  /** Resolves when nothing is under way. */
  landed(): Promise<void>;
}

export function createFlight(pacer: Pacer): Flight {
  let underWay = 0;
  let onLanded: (() => void) | undefined;
  const ended = (): void => {
    if (--underWay === 0) onLanded?.();
  };
  return {
    start(send) {
      underWay++;
      pacer.run(() => send().then(ended));
    },
    landed: () =>
      new Promise((resolve) => {
        onLanded = resolve;
        if (underWay === 0) resolve();
      }),
  };
}
