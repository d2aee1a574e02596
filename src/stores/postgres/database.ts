import { setTimeout as pause } from 'node:timers/promises';
import type { Access } from './access.js';
import { isConnectionLost, isRolledBack, storeFailure } from './failure.js';
import { withinTime } from './time-limit.js';

/** What comes back in a column. Big integers are text, unless the application has told `pg` otherwise. */
export type Row = Readonly<Record<string, unknown>>;

/** Statements that got in each other's way wait for a random part of this before they are run again. */
const ROLLBACK_PAUSE_MS = 50;

/**
 * Runs statements: one round trip each, one transaction each. Rejects with `BroadcastError` only. A statement
 * that the server has rolled back because of others was not carried out, and is run again until the time of
 * the call is over.
 */
export interface Database {
  /**
   * Runs a statement that does no harm when it is run twice: it is, when its connection turns out to be lost.
   * Those of a pool die while an instance is paused.
   */
  rows(text: string, values: unknown[]): Promise<readonly Row[]>;
  /** Runs a statement that must not be run twice. */
  rowsOnce(text: string, values: unknown[]): Promise<readonly Row[]>;
  /** Runs several statements without values in one transaction. May be run twice. */
  script(text: string): Promise<void>;
  close(): Promise<void>;
}

export function createDatabase(access: Access, timeoutMs: number): Database {
  async function run(text: string, values: unknown[] | undefined, attempts: number): Promise<readonly Row[]> {
    const query = { text, query_timeout: timeoutMs, ...(values !== undefined && { values }) };
    try {
      return await withinTime(timeoutMs, async (isOver) => {
        let lost = 0;
        for (;;) {
          try {
            return (await access.query(query, isOver)).rows as readonly Row[];
          } catch (reason) {
            if (isOver()) throw reason;
            if (isRolledBack(reason)) await pause(Math.random() * ROLLBACK_PAUSE_MS);
            else if (!isConnectionLost(reason) || ++lost === attempts) throw reason;
            if (isOver()) throw reason;
          }
        }
      });
    } catch (reason) {
      throw storeFailure(reason);
    }
  }

  return {
    rows: (text, values) => run(text, values, 2),
    rowsOnce: (text, values) => run(text, values, 1),
    async script(text) {
      await run(text, undefined, 2);
    },
    close: () => access.close(),
  };
}
