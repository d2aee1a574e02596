/** Looked at between two sends, so looking has to cost nothing. */
export interface Stopwatch {
  isOver(): boolean;
}

const TICK_MS = 10;
/**
 * On a busy machine a process gets little of its core. It should still have run for this share of the time
 * asked for.
 */
const LEAST_CPU_SHARE = 0.5;
/** But nobody waits forever. */
const MOST_TIMES_LONGER = 3;

/**
 * Is over after `ms`, or later if this process has used too little CPU by then to be warm or to be measured.
 */
export function startStopwatch(ms: number): Stopwatch {
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  let over = false;

  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs < ms) return;
    const { user, system } = process.cpuUsage(cpuAtStart);
    if ((user + system) / 1000 < ms * LEAST_CPU_SHARE && elapsedMs < ms * MOST_TIMES_LONGER) return;
    over = true;
    clearInterval(timer);
  }, TICK_MS);

  return { isOver: () => over };
}
