import type { FunctionOutput } from './host.js';

/** What functions print goes where this process prints, unless somebody takes it. */
export function printOutput({ stream, text }: FunctionOutput): void {
  process[stream].write(text);
}
