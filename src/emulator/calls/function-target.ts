import type { FunctionSource } from '../instances/settings.js';
import type { FunctionHandler } from './invoker.js';

/**
 * A function of this process, which a test can look into; or a file whose function runs in instances of its
 * own, as in the cloud.
 */
export type FunctionTarget = FunctionHandler | { readonly handler: FunctionHandler } | FunctionSource;
