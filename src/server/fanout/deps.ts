import { deadlineOf, type FunctionContext } from '../../base/invocation.js';
import type { Contract } from '../../model/contract.js';
import type { Observer } from '../../model/observer.js';
import type { ConnectionStore } from '../../model/store.js';
import type { Transport } from '../../model/transport.js';
import type { RoomHistories } from '../history/histories.js';
import type { Pacer } from './pacer.js';
import type { ParsedSendOptions } from './send-options.js';
import type { Settings } from './settings.js';

/** What all broadcasts of a broadcaster share. */
export interface FanoutDeps {
  readonly store: ConnectionStore;
  readonly transport: Transport;
  readonly contract: Contract | undefined;
  readonly histories: RoomHistories;
  readonly settings: Settings;
  readonly pacer: Pacer;
  readonly context: FunctionContext | undefined;
  readonly observe: readonly Observer[];
}

/** The end of a broadcast, in Unix milliseconds; `Infinity` when there is none. */
export interface TimeLimits {
  /** Everything must have ended by then. */
  readonly endsAt: number;
  /** From then on the message is not worth sending. */
  readonly expiresAt: number;
}

export function timeLimitsOf(
  { context, settings }: Pick<FanoutDeps, 'context' | 'settings'>,
  { deadline, expiresAt }: ParsedSendOptions,
): TimeLimits {
  const end = deadline ?? deadlineOf(context, Date.now());
  return {
    endsAt: end === undefined ? Infinity : end - settings.reserveMs,
    expiresAt: expiresAt ?? Infinity,
  };
}
