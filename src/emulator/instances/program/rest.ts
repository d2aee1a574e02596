import { readSync } from 'node:fs';
import { MESSAGES_FD, type InstanceMessage, type InstanceSetup } from '../wire.js';

/** What an instance does between calls: it says what the last one left behind, and gets no processor time. */
export interface Rest {
  /** A call has come in. */
  begin(): void;
  /** Resolves when what fell due while the instance was frozen has had its turn, as it does in the cloud. */
  resume(): Promise<void>;
  /** A call was answered. `pending` says what it has begun and not awaited. */
  end(pending: () => readonly string[]): void;
  /** Freezes if no call is under way. */
  whenIdle(): void;
}

export function createRest({ freezeAfterMs }: InstanceSetup, post: (message: InstanceMessage) => void): Rest {
  let received = 0;
  /** Calls that the gateway has sent, as far as is known. */
  let sent = 0;
  /** Calls, and those answered of which is still to be told what they have left behind. */
  let busy = 0;
  let wasFrozen = false;
  let grace: NodeJS.Timeout | undefined;

  function freeze(): void {
    if (busy > 0) return;
    wasFrozen = true;
    while (sent <= received) sent += waitForCalls();
  }

  function whenIdle(): void {
    if (busy > 0 || freezeAfterMs === 'off') return;
    if (freezeAfterMs === 0) setImmediate(freeze);
    else grace = setTimeout(freeze, freezeAfterMs);
  }

  return {
    begin() {
      received++;
      busy++;
      clearTimeout(grace);
    },
    async resume() {
      if (!wasFrozen) return;
      wasFrozen = false;
      // Sockets are polled before the first of these, timers run before the second.
      await nextTurn();
      await nextTurn();
    },
    end(pending) {
      setImmediate(() => {
        busy--;
        post({ type: 'rested', unawaited: pending() });
        whenIdle();
      });
    },
    whenIdle,
  };
}

const bytes = Buffer.alloc(1024);

/** Stands still until there is at least one byte; each stands for a call. */
function waitForCalls(): number {
  const count = readSync(MESSAGES_FD, bytes);
  // The gateway is no more.
  if (count === 0) process.exit();
  return count;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
