/**
 * Instances of functions are paused between calls, and connections may die meanwhile without a word. One that
 * was not used, or not heard, for this long is not trusted any more.
 */
export const DISTRUST_AFTER_MS = 10_000;
