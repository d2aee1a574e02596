/** `--queue jobs --queue live=/ws` of `dev`, and what goes with it. */
import type { FunctionSource, QueueOptions, TriggerOptions } from '../../emulator/index.js';
import { usageError } from '../command.js';

export interface DevQueues {
  readonly queues: readonly DevQueue[];
  readonly batchSize: number;
  readonly cutoffMs: number;
  /** How often a message may be received before it goes to the dead letters; `undefined`: it comes back for ever. */
  readonly maxReceives: number | undefined;
}

export interface DevQueue {
  readonly name: string;
  /** Whose sockets get what is in the queue; without it the function does. */
  readonly broadcast: string | undefined;
}

export function parseQueue(text: string): DevQueue {
  const at = text.indexOf('=');
  const [name, path] = at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
  if (!/^[\w-]{1,80}$/.test(name) || path?.startsWith('/') === false) {
    throw usageError(`--queue: expected a name such as jobs, or name=/path such as live=/ws, got '${text}'`);
  }
  return { name, broadcast: path };
}

/** Queues and triggers as the gateway takes them: dead letters of `jobs` go to `jobs-dead`. */
export function queueOptionsOf(
  { queues, batchSize, cutoffMs, maxReceives }: DevQueues,
  source: FunctionSource,
): { readonly queues: Record<string, QueueOptions>; readonly triggers: TriggerOptions[] } {
  const options: Record<string, QueueOptions> = {};
  for (const { name, broadcast } of queues) {
    const isRedriven = maxReceives !== undefined && broadcast === undefined;
    options[name] = isRedriven ? { redrive: { to: `${name}-dead`, maxReceives } } : {};
  }
  for (const { redrive } of Object.values(options)) if (redrive !== undefined) options[redrive.to] ??= {};
  const triggers = queues.map(({ name, broadcast }): TriggerOptions => {
    const common = { queue: name, batchSize, cutoffMs };
    return broadcast === undefined ? { ...common, function: source } : { ...common, broadcast };
  });
  return { queues: options, triggers };
}
