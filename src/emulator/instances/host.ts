import type { Diagnostic } from '../../model/diagnostics.js';
import type { Clock } from '../clock.js';
import type { FunctionIdentity } from '../events/function-context.js';
import type { Timeline } from '../timeline/timeline.js';

/** What the gateway gives to all functions. */
export interface Host {
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly identity: FunctionIdentity;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  newInstanceId(): number;
  onOutput(output: FunctionOutput): void;
  onDiagnostic(diagnostic: Diagnostic): void;
}

/** What a function has printed. */
export interface FunctionOutput {
  /** The instance that printed it. */
  readonly instance: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}
