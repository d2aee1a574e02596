import { GREETING_TIMEOUT_MS, PROBE_TIMEOUT_MS } from './session.js';

export type SessionState = 'greeting' | 'ready' | 'probing' | 'draining' | 'over';

/** Whether the other side is alive: it greets in time, is heard, and answers when it is asked (PING). */
export interface Liveness {
  readonly state: SessionState;
  /** When the other side was last heard, in Unix milliseconds. */
  readonly heardAt: number;
  /** How often it was heard. */
  readonly heardCount: number;
  /** Something came in. */
  onHeard(): void;
  /** The greeting has come; later ones change nothing. */
  onGreeting(): void;
  /** The answer to a probe has come. Returns whether one was waited for. */
  onPingAnswer(): boolean;
  /** Asks whether the other side is still there. Until it answers, the session is not ready. */
  probe(): void;
  /** The session takes no new requests from now on. */
  drain(): void;
  /** The session is over. Returns whether that is news. */
  end(): boolean;
}

/**
 * @param ping Sends a PING.
 * @param onSilent The greeting or the answer to a PING did not come in time.
 */
export function createLiveness(ping: () => void, onSilent: () => void): Liveness {
  let state: SessionState = 'greeting';
  let heardAt = Date.now();
  let heardCount = 0;
  let timer = expectWithin(GREETING_TIMEOUT_MS);

  function expectWithin(ms: number): NodeJS.Timeout {
    const judge = (): void => {
      if (state === 'greeting' || state === 'probing') onSilent();
    };
    // After a long pause timers come first: what the socket has received meanwhile is to be read before
    // judging.
    return setTimeout(() => setImmediate(judge), ms).unref();
  }

  function enter(next: SessionState): void {
    state = next;
    clearTimeout(timer);
  }

  return {
    get state() {
      return state;
    },
    get heardAt() {
      return heardAt;
    },
    get heardCount() {
      return heardCount;
    },
    onHeard() {
      heardAt = Date.now();
      heardCount++;
    },
    onGreeting() {
      if (state === 'greeting') enter('ready');
    },
    onPingAnswer() {
      if (state !== 'probing') return false;
      enter('ready');
      return true;
    },
    probe() {
      if (state !== 'ready') return;
      enter('probing');
      ping();
      timer = expectWithin(PROBE_TIMEOUT_MS);
    },
    drain() {
      if (state !== 'over') enter('draining');
    },
    end() {
      if (state === 'over') return false;
      enter('over');
      return true;
    },
  };
}
