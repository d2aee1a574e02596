/** `--queue jobs --queue live=/ws` of `dev`, and what goes with it. */
import type { FunctionTarget, QueueOptions, TriggerOptions } from '../../emulator/index.js';
import { usageError } from '../command.js';
import type { ValueType } from '../flags/values.js';

export interface DevQueues {
  readonly queue: readonly DevQueue[] | undefined;
  readonly batch: number | undefined;
  /** Milliseconds. */
  readonly cutoff: number | undefined;
  /**
   * How often a message may be received before it goes to the dead letters; `undefined`: it comes back for
   * ever.
   */
  readonly 'max-receives': number | undefined;
}

export interface DevQueue {
  readonly name: string;
  /**
   * The path whose sockets get what is in the queue, or the id of the function that reads it; by default the
   * only one.
   */
  readonly target: string | undefined;
}

export const queueFlag: ValueType<DevQueue> = {
  placeholder: '<name>',
  parse(given, name) {
    const [, queue, target] = /^([\w-]{1,80})(?:=(.+))?$/.exec(given) ?? [];
    if (queue === undefined) throw refusal(name, given);
    return { name: queue, target };
  },
};

function refusal(flag: string, given: string): Error {
  return usageError(`${flag}: expected a name such as jobs, or name=/path such as live=/ws, got '${given}'`);
}

/**
 * Queues and triggers as the gateway takes them: dead letters of `jobs` go to `jobs-dead`.
 *
 * @param reader Reads the queues that name nothing; `undefined` when there is not just one function.
 * @param ids Of the functions that a queue can name.
 */
export function queueOptionsOf(
  { queue: queues = [], batch, cutoff, 'max-receives': maxReceives }: DevQueues,
  reader: FunctionTarget | undefined,
  ids: ReadonlySet<string>,
): { readonly queues: Record<string, QueueOptions>; readonly triggers: TriggerOptions[] } {
  const options: Record<string, QueueOptions> = {};
  for (const { name, target } of queues) {
    const isRedriven = maxReceives !== undefined && target?.startsWith('/') !== true;
    options[name] = isRedriven ? { redrive: { to: `${name}-dead`, maxReceives } } : {};
  }
  for (const { redrive } of Object.values(options)) if (redrive !== undefined) options[redrive.to] ??= {};
  const triggers = queues.map(({ name, target = reader }): TriggerOptions => {
    const common = { queue: name, batchSize: batch, cutoffMs: cutoff };
    if (target === undefined)
      throw usageError(`--queue: which function reads it? Give its id: --queue ${name}=<id>`);
    if (typeof target !== 'string' || ids.has(target)) return { ...common, function: target };
    if (target.startsWith('/')) return { ...common, broadcast: target };
    throw refusal('--queue', `${name}=${target}`);
  });
  return { queues: options, triggers };
}
