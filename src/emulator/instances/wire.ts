/** What the gateway and the process of an instance say to each other. */
import type { Diagnostic } from '../../model/diagnostics.js';
import type { FunctionIdentity } from '../events/function-context.js';

/** The file descriptor of the process from which it reads calls, as lines of JSON. */
export const CALLS_FD = 3;

/**
 * The one to which it writes messages, as lines of JSON, and from which it reads one byte for each call. Both
 * block: a frozen instance waits for that byte.
 */
export const MESSAGES_FD = 4;

/** What an instance is given when it starts: its only argument, as JSON. */
export interface InstanceSetup {
  /** The compiled function, as a `file:` URL. */
  readonly module: string;
  readonly exportName: string;
  /** How the user wrote the entry, for messages. */
  readonly written: string;
  /** Modules to load before the function, as `file:` URLs. */
  readonly preload: readonly string[];
  readonly coldStartMs: number;
  readonly memoryMb: number;
  readonly freezeAfterMs: number | 'off';
}

/** A call of the function. */
export interface CallMessage {
  readonly callId: number;
  /** As JSON, as it travels in the cloud. */
  readonly event: string;
  readonly requestId: string;
  /** Unix milliseconds. */
  readonly deadline: number;
  readonly identity: FunctionIdentity;
}

/** What a call came to. */
export type CallAnswer =
  /** `json` is absent when there is no JSON for the result. */
  | { readonly type: 'answered'; readonly callId: number; readonly json?: string | undefined }
  | { readonly type: 'threw'; readonly callId: number; readonly problem: string };

export type AnswerMessage = CallAnswer & { readonly usedBytes: number };

/** What an instance tells. */
export type InstanceMessage =
  | { readonly type: 'ready' }
  /** The function cannot be loaded. */
  | { readonly type: 'unloadable'; readonly problem: string }
  | AnswerMessage
  /** A turn of the event loop after an answer: what the call has left behind. */
  | { readonly type: 'rested'; readonly unawaited: readonly string[] }
  | { readonly type: 'printed'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** An exception that nobody has caught; its process ends. */
  | { readonly type: 'crashed'; readonly problem: string }
  /** The function keeps connections in the memory of this instance. */
  | { readonly type: 'memory-store' }
  /** What the library in the function says of rooms and broadcasts. */
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic };
