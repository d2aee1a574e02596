import { parseFault, type Fault, type FaultPoint, type ParsedFault } from './fault.js';
import { FAULT_PRESETS, presetNamed, type FaultPreset } from './presets.js';
import { createRandom } from './random.js';
import { formatFault, parseFaults } from './text.js';

/** A fault that is in force. */
export interface ActiveFault {
  readonly id: number;
  readonly fault: Fault;
  /** The fault in the textual form, as `addText` takes it and the timeline shows it. */
  readonly text: string;
  /** How often it has struck so far. */
  readonly strikes: number;
}

/** Makes things go wrong on purpose. */
export interface Faults {
  /**
   * Takes effect at once. Faults are asked in the order in which they were added; the first that strikes is
   * the one. Returns its id.
   */
  add(fault: Fault): number;
  /**
   * Adds faults in their textual form, such as `send.status=503 send.rate=0.2 disconnect=lost`; `seed=7`
   * among them calls {@link reseed}. Throws `INVALID_OPTIONS` that names the mistake, and adds nothing then.
   */
  addText(text: string): void;
  /**
   * Adds the faults of a preset. Throws `INVALID_OPTIONS` that lists the names when there is none of this
   * name.
   */
  preset(name: FaultPreset): void;
  /** What is in force, in the order in which it is asked. */
  list(): readonly ActiveFault[];
  /** Takes one fault away; `false` when there is none with this id. */
  remove(id: number): boolean;
  /** Takes all faults away. The next ones decide as if they were the first. */
  clear(): void;
  /** Begins all decisions anew, from this seed. The same seed, faults and calls make the same decisions. */
  reseed(seed: number): void;
}

/** What is known of something that comes to a point. */
export interface FaultFacts {
  readonly connectionId?: string | undefined;
  /** The path as it was asked for, and as it stands in the specification. */
  readonly path?: string | undefined;
  readonly template?: string | undefined;
  /** Name of the queue that a trigger has read. */
  readonly queue?: string | undefined;
}

/** A fault that strikes here and now. */
export interface Strike<P extends FaultPoint> {
  readonly fault: Extract<ParsedFault, { on: P }>;
  /** For the timeline. */
  readonly text: string;
}

/** The gateway's side of it: one function that decides whether something goes wrong. */
export interface FaultTable extends Faults {
  /**
   * Called once for everything that comes to a point. A fault that strikes has one time less from then on.
   *
   * @param isWanted Which faults of the point can strike in this situation. Default: all.
   */
  decide<P extends FaultPoint>(
    point: P,
    facts: FaultFacts,
    isWanted?: (fault: Strike<P>['fault']) => boolean,
  ): Strike<P> | undefined;
}

interface Entry {
  readonly id: number;
  readonly fault: ParsedFault;
  readonly text: string;
  random: () => number;
  strikes: number;
}

export function createFaults(seed: number): FaultTable {
  let currentSeed = seed;
  let entries: Entry[] = [];
  let added = 0;

  /**
   * Each fault draws from numbers of its own, so that another point's traffic does not change its decisions.
   */
  function randomOf(id: number): () => number {
    return createRandom(currentSeed + id * 0x9e37_79b9);
  }

  function add(given: Fault): number {
    const fault = parseFault(given, 'faults.add');
    const id = ++added;
    entries.push({ id, fault, text: formatFault(fault), random: randomOf(id), strikes: 0 });
    return id;
  }

  function reseed(next: number): void {
    currentSeed = next;
    for (const entry of entries) entry.random = randomOf(entry.id);
  }

  return {
    add,
    addText(text) {
      const parsed = parseFaults(text);
      if (parsed.seed !== undefined) reseed(parsed.seed);
      parsed.faults.forEach(add);
    },
    preset(name) {
      parseFaults(FAULT_PRESETS[presetNamed(name)].text).faults.forEach(add);
    },
    list: () => entries.map(({ id, fault, text, strikes }) => ({ id, fault, text, strikes })),
    remove(id) {
      const before = entries.length;
      entries = entries.filter((entry) => entry.id !== id);
      return entries.length < before;
    },
    clear() {
      entries = [];
      added = 0;
    },
    reseed,
    decide(point, facts, isWanted = () => true) {
      for (const entry of entries) {
        const fault = faultAt(point, entry.fault);
        if (fault === undefined || !concerns(fault, facts) || !isWanted(fault)) continue;
        if (entry.random() >= fault.rate) continue;
        entry.strikes++;
        if (entry.strikes >= fault.times) entries = entries.filter((other) => other !== entry);
        return { fault, text: entry.text };
      }
      return undefined;
    },
  };
}

function faultAt<P extends FaultPoint>(point: P, fault: ParsedFault): Strike<P>['fault'] | undefined {
  return fault.on === point ? (fault as Strike<P>['fault']) : undefined;
}

function concerns(fault: ParsedFault, { connectionId, path, template, queue }: FaultFacts): boolean {
  if (fault.on === 'queue') return fault.queue === undefined || fault.queue === queue;
  if (fault.connection !== undefined && fault.connection !== connectionId) return false;
  return fault.path === undefined || fault.path === path || fault.path === template;
}
