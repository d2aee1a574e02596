/**
 * What the library tells a local gateway about itself: rooms live in a store that the gateway cannot see, and
 * a report is of use beside what the sockets received. Nobody listens in the cloud, and then nothing is made
 * or sent.
 */
import type { DeliveryReport } from './report.js';
import type { BroadcastAudience } from './store.js';

export type Diagnostic =
  | {
      readonly type: 'broadcast';
      readonly audience: BroadcastAudience;
      /** Unix milliseconds. */
      readonly startedAt: number;
      readonly report: DeliveryReport;
    }
  | { readonly type: 'joined' | 'left'; readonly connectionId: string; readonly room: string }
  | { readonly type: 'removed'; readonly connectionIds: readonly string[] };

export const DIAGNOSTICS_CHANNEL = 'yc-broadcast:diagnostics';

/** On sends of a broadcast that a local gateway watches: the broadcast's id, percent-encoded. */
export const BROADCAST_HEADER = 'x-yc-broadcast-id';

// Imported, even a small module of Node's would take a millisecond of every cold start.
const diagnostics = process.getBuiltinModule('node:diagnostics_channel').channel(DIAGNOSTICS_CHANNEL);

let isInTest = false;

/** Called by the test kit: from now on errors show their own text. */
export function enterTest(): void {
  isInTest = true;
}

/** Whether this runs on a local gateway or in a test, where errors may show what people wrote. */
export function isLocal(): boolean {
  // The variable is set by the local gateway, whatever way sends take to it.
  return process.env['YC_BROADCAST_LOCAL_ORIGINS'] !== undefined || isWatched() || isInTest;
}

/** Whether a local gateway listens in this process. */
export function isWatched(): boolean {
  return diagnostics.hasSubscribers;
}

export function publish(diagnostic: Diagnostic): void {
  diagnostics.publish(diagnostic);
}
