import { BroadcastError } from '../../base/errors.js';
import type { HostedFunction } from './hosted-function.js';
import type { Instance, InstanceState } from './instance.js';

/** The instances of a gateway's functions, to look at and to meddle with. */
export interface Instances {
  list(): readonly InstanceInfo[];
  /**
   * Ends an instance at once, as a crash would: the calls on it are aborted, the gateway answers for them,
   * and another instance takes its place. Throws `INVALID_OPTIONS` when there is none with this number.
   */
  kill(id: number): void;
  /**
   * Starts all functions afresh. Calls under way end where they are. Rejects when a function cannot be
   * loaded.
   */
  restart(): Promise<void>;
}

/** One instance at this moment. */
export interface InstanceInfo {
  /** Counts from 1, over all functions of the gateway; as `#1` in the log. */
  readonly id: number;
  /** The file of the function, as it was given. */
  readonly entry: string;
  /** Of its code: counts from 1, one more for each change of the source. */
  readonly generation: number;
  readonly state: InstanceState;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Calls that are under way on it. */
  readonly underWay: number;
  /** Calls that it has answered. */
  readonly served: number;
  /** Of its heap with buffers, after the last call; `undefined` before the first. */
  readonly usedBytes: number | undefined;
}

export function createInstanceControls(functions: () => readonly HostedFunction[]): Instances {
  const find = (id: number): Instance | undefined =>
    functions()
      .flatMap((one) => one.instances())
      .find((instance) => instance.id === id);
  return {
    list: () => functions().flatMap((one) => one.instances().map((instance) => infoOf(one.entry, instance))),
    kill(id) {
      const instance = find(id);
      if (instance === undefined) throw new BroadcastError('INVALID_OPTIONS', `kill: no instance #${id}`);
      instance.end({ why: 'killed', reason: 'killed by hand' });
    },
    async restart() {
      await Promise.all(functions().map((one) => one.restart()));
    },
  };
}

function infoOf(entry: string, instance: Instance): InstanceInfo {
  const { id, generation, state, startedAt, underWay, served, usedBytes } = instance;
  return { id, entry, generation: generation.number, state, startedAt, underWay, served, usedBytes };
}
