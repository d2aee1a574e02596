/** What Message Queue documents of its limits. */

export const MAX_MESSAGE_BYTES = 262_144;
export const MAX_BATCH_BYTES = 262_144;
export const MAX_BATCH_ENTRIES = 10;
export const MAX_MESSAGE_ATTRIBUTES = 10;
export const MAX_DELAY_SECONDS = 900;
export const MAX_VISIBILITY_SECONDS = 12 * 60 * 60;
export const MAX_WAIT_SECONDS = 20;
export const MIN_RETENTION_SECONDS = 60;
export const MAX_RETENTION_SECONDS = 14 * 24 * 60 * 60;
/** Of one kind, to one standard queue. A batch counts as one call. */
export const CALLS_PER_SECOND = 300;
export const MAX_IN_FLIGHT = 120_000;
/** A deleted queue's name cannot be used again for so long. */
export const NAME_REST_MS = 60_000;

export const DEFAULT_VISIBILITY_MS = 30_000;
export const DEFAULT_RETENTION_MS = 4 * 24 * 60 * 60 * 1000;

/**
 * Most messages in a trigger's batch, and its longest wait: 20 s in the documentation of 2025, 60 s in the
 * newest.
 */
export const MAX_TRIGGER_BATCH = 1000;
export const MAX_TRIGGER_CUTOFF_MS = 60_000;
export const DEFAULT_TRIGGER_CUTOFF_MS = 10_000;
/** Most bytes of a message with what the trigger says about it. */
export const MAX_TRIGGER_MESSAGE_BYTES = 230 * 1024;
