import type { output } from 'zod/v4/core';
import type { Broadcaster } from '../broadcast.js';
import type { Contract } from '../../model/contract.js';
import type { HookRegistry } from './hook-registry.js';
import type { ErrorReport } from './log-error.js';
import type { appOptionsSchema } from './options.js';

/** An app's options with their defaults. */
export type AppSettings = Omit<output<ReturnType<typeof appOptionsSchema>>, 'observe' | 'onError'>;

/** What an app answers events with. */
export interface AppDeps<K extends Contract> {
  readonly settings: AppSettings;
  readonly contract: K | undefined;
  readonly broadcaster: Broadcaster<K>;
  readonly registry: HookRegistry<K>;
  readonly onError: (report: ErrorReport) => void;
}
