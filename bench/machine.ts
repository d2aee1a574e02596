import { availableParallelism, cpus } from 'node:os';
import { canPin } from './processes.js';

/** Where and when figures were taken; they mean little elsewhere. */
export interface Machine {
  /** Day of the run, `2026-11-24`. */
  readonly day: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Whether client and server had a core each. */
  readonly pinned: boolean;
}

export function thisMachine(): Machine {
  return {
    day: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    pinned: canPin,
  };
}
