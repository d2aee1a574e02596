import type { Diagnostic } from '../../model/diagnostics.js';
import type { Generation } from '../code/source.js';
import type { FunctionIdentity } from '../events/function-context.js';
import type { InvokeOptions } from '../calls/invoker.js';
import type { CallOutcome } from './call-table.js';
import type { InstanceEnding } from './endings.js';
import type { InstanceSetup } from './wire.js';

/** What all instances of a function have in common. */
export interface InstanceSettings extends Omit<InstanceSetup, 'module'> {
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly identity: FunctionIdentity;
}

/** Who is told of what goes on in an instance. */
export interface InstanceListener {
  /** It can take another call. */
  onFree(instance: Instance): void;
  onEnded(instance: Instance, ending: InstanceEnding): void;
  onUnawaited(instance: Instance, work: readonly string[]): void;
  onPrinted(instance: Instance, stream: 'stdout' | 'stderr', text: string): void;
  onMemoryStore(): void;
  onDiagnostic(diagnostic: Diagnostic): void;
}

/** What an instance does: `frozen` is paused between calls, as the cloud does it with idle ones. */
export type InstanceState = 'starting' | 'busy' | 'idle' | 'frozen' | 'ended';

/** One instance of a function: a process with its own memory. */
export interface Instance {
  readonly id: number;
  readonly generation: Generation;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /**
   * Resolves with how long the start took, in milliseconds. Rejects with `INVALID_OPTIONS` when it cannot be
   * loaded.
   */
  readonly ready: Promise<number>;
  readonly underWay: number;
  /** Calls that it has answered. */
  readonly served: number;
  /** Of its heap with buffers, after the last call. */
  readonly usedBytes: number | undefined;
  readonly state: InstanceState;
  /** Never rejects. A call that comes before the instance is ready waits for it, and its time runs. */
  call(event: Record<string, unknown>, options: InvokeOptions): Promise<CallOutcome>;
  /** Ends as soon as its calls have ended. */
  retire(ending: InstanceEnding): void;
  /** Ends now; what is under way is aborted. */
  end(ending: InstanceEnding): void;
  /** Resolves when its process is no more. */
  readonly gone: Promise<void>;
  readonly wasReady: boolean;
  /** Whether it has told what its calls have left behind. */
  readonly isSettled: boolean;
}
