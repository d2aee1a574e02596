/** When a gateway is quiet: nothing is under way, and no frame is between it and the clients of a test. */

export interface QuietFacts {
  /** Handshakes, function calls and requests of the management API that have not ended. */
  underWay(): number;
  /** Frames that are on their way to or from test clients, and handshakes of theirs. */
  onTheWay(): number;
  /** Something that changes whenever something happens. */
  progress(): string;
  /** Whether faults hold something up until a manual clock is moved. */
  isHeldUp(): boolean;
  isStopped(): boolean;
}

/**
 * Quiet once may be the moment between two steps, so it has to be quiet for a few turns of the event loop.
 */
const QUIET_TURNS = 5;
/** How long nothing may happen until what is under way must be waiting for the clock, in milliseconds. */
const STUCK_MS = 50;

/** Resolves when all is quiet, or when nothing more will happen until the clock is moved. */
export async function untilQuiet(facts: QuietFacts): Promise<void> {
  let progress = '';
  let since = performance.now();
  for (let quietTurns = 0; quietTurns < QUIET_TURNS && !facts.isStopped();) {
    await new Promise((resolve) => setImmediate(resolve));
    quietTurns = facts.underWay() + facts.onTheWay() === 0 ? quietTurns + 1 : 0;
    // Asked once: on a busy machine time passes between two lines, too.
    const now = performance.now();
    const latest = facts.progress();
    if (latest !== progress || !facts.isHeldUp()) since = now;
    progress = latest;
    if (now - since > STUCK_MS) return;
  }
}
