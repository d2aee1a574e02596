import type { BarChart } from './chart.js';
import type { ServerKind } from './server/server.js';
import type { Table } from './table.js';

/** How thoroughly to measure. */
export interface BenchOptions {
  /** The directory of the repository. */
  readonly root: string;
  /** Just enough to prove that everything runs; the figures mean nothing. */
  readonly isQuick: boolean;
  readonly rounds: number;
  /** Names of the clients to measure; all when absent. */
  readonly clients?: readonly string[] | undefined;
  /** Programs of Node.js that bundles are started with. Default: this one. */
  readonly nodes?: readonly string[] | undefined;
  /** Default: nginx where there is one. */
  readonly server?: ServerKind | undefined;
  /**
   * CPU time of one send of ours as `pipeline` has recorded it, in microseconds, for what is computed from
   * it.
   */
  readonly cpuMicrosPerSend?: number | undefined;
}

/** One bench: measures, and shows what it measured. */
export interface Section<R> {
  measure(options: BenchOptions): Promise<R>;
  tables(result: R): readonly Table[];
  /** The one picture worth keeping, if any. */
  chart?(result: R): BarChart;
}
