import type { GatewayResponse } from './responses.js';

/** Takes back what a handshake has stored, unless its client is let in. */
export interface Rollback {
  /** Says what to do if the client is not let in. Called before anything is stored: answers get lost. */
  onFailure(undo: () => Promise<void>): void;
  /** Runs what was said. Never rejects. */
  run(): Promise<void>;
}

export function createRollback(report: (reason: unknown) => void): Rollback {
  const steps: (() => Promise<void>)[] = [];
  return {
    onFailure: (undo) => void steps.push(undo),
    async run() {
      for (const undo of steps.splice(0)) await undo().catch(report);
    },
  };
}

/** Whether the gateway lets the client in. */
export function letsIn({ statusCode }: GatewayResponse): boolean {
  return statusCode >= 200 && statusCode < 300;
}
