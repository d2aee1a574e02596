import type { Bench } from './bench.js';

/**
 * When a case is run: `quick` takes seconds; `idle` waits for the ten minutes of silence, `lifetime` for the
 * hour of a connection; `load` asks for more than a test usually does.
 */
export type Mode = 'quick' | 'idle' | 'lifetime' | 'load';

export const MODES: readonly Mode[] = ['quick', 'idle', 'lifetime', 'load'];

/** What a probe saw: one of the case's answers, with figures where there are any. */
export type Observation =
  string | { readonly seen: string; readonly figures: Readonly<Record<string, number>> };

/** A probe that cannot be made at this target, such as one that needs a second gateway. */
export class NotProbed extends Error {
  override readonly name = 'NotProbed';
}

/** One question to the platform, and everything that is known of it. */
export interface ConformanceCase {
  /** Stable: documentation and profiles name it. */
  readonly id: string;
  readonly question: string;
  /** `assumed`, or what the documentation calls it. */
  readonly source: string;
  /** What the local gateway does, unless a profile says otherwise: one of `answers`. */
  readonly assumed: string;
  /** What may be seen, and what follows from each. */
  readonly answers: Readonly<Record<string, string>>;
  /** What follows from anything else that may be seen. Without it such a sight is an error of the probe. */
  readonly otherwise?: string | undefined;
  /** How it is probed, in a sentence. */
  readonly how: string;
  /** Default: `quick`. */
  readonly mode?: Mode | undefined;
  /** Set when only the cloud can tell: why the local gateway cannot. */
  readonly cloudOnly?: string | undefined;
  /**
   * `deploy`: `conformance deploy` sees it in passing; `hand`: a person has to look, and write it into the
   * profile.
   */
  readonly probe: ((bench: Bench) => Promise<Observation>) | 'deploy' | 'hand';
}

export const modeOf = ({ mode = 'quick' }: ConformanceCase): Mode => mode;
