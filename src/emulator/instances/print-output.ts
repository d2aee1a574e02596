import type { FunctionOutput } from './hosted-function.js';

/** What functions print goes where this process prints, unless somebody takes it. */
export function printOutput({ stream, text }: FunctionOutput): void {
  process[stream].write(text);
}
