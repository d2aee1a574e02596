/** When nothing is going on any more. */

// Taken before a test can replace them by fake timers.
const { setImmediate: nextTurn } = globalThis;
const now = performance.now.bind(performance);

/**
 * Quiet once may be the moment between two steps, so it has to be quiet for a few turns of the event loop.
 */
const QUIET_TURNS = 5;

/** Lets the event loop turn a few times. */
export async function turns(count = QUIET_TURNS): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => nextTurn(resolve));
}

/**
 * Resolves with `true` as soon as it is quiet, with `false` when it is not within so many real milliseconds.
 */
export async function quiet(isQuiet: () => boolean, withinMs: number): Promise<boolean> {
  const startedAt = now();
  for (let quietTurns = 0; quietTurns < QUIET_TURNS;) {
    await turns(1);
    quietTurns = isQuiet() ? quietTurns + 1 : 0;
    if (quietTurns === 0 && now() - startedAt > withinMs) return false;
  }
  return true;
}
