import type { Duplex } from 'node:stream';
import { BroadcastError } from '../base/errors.js';
import { GOAWAY } from './frames.js';
import type { InFlight } from './in-flight.js';
import type { Liveness } from './liveness.js';
import { INTERNAL_ERROR, NoHttp2, PeerFlood, ProtocolFailure } from './protocol-failure.js';
import { isComplaint } from './resets.js';
import type { SessionEnd, SessionEvents } from './session.js';
import type { WriteBuffer } from './write-buffer.js';

/** How a session ends: at once, after a mistake, or when the last request that it has taken is answered. */
export interface Shutdown {
  /** Ends the session and fails what is in flight. Only the first call counts. */
  finish(end: SessionEnd): void;
  /** Tells the other side why (GOAWAY), and ends the session. */
  goAway(code: number, end: SessionEnd): void;
  /** Ends the session because of what was thrown while a frame was read. */
  failProtocol(reason: unknown): void;
  /** The other side takes no new requests; `code` says whether it complains about us. */
  drain(code: number): void;
  /** Ends a draining session that has nothing in flight any more. */
  endIfDrained(): void;
}

export interface ShutdownDeps {
  readonly socket: Duplex;
  readonly output: WriteBuffer;
  readonly inFlight: InFlight;
  readonly liveness: Liveness;
  readonly events: SessionEvents;
}

export function createShutdown({ socket, output, inFlight, liveness, events }: ShutdownDeps): Shutdown {
  let complaint: SessionEnd | undefined;

  function finish(end: SessionEnd): void {
    if (!liveness.end()) return;
    socket.destroy();
    const { message, cause } = complaint ?? end;
    for (const exchange of inFlight.removeAll()) {
      events.onFailure(exchange, new BroadcastError('NO_ANSWER', message, { cause }));
    }
    events.onEnd(complaint ?? end);
  }

  function goAway(code: number, end: SessionEnd): void {
    if (liveness.state === 'over') return;
    const body = Buffer.alloc(8);
    body.writeUInt32BE(code, 4);
    output.frame(GOAWAY, 0, 0, body);
    output.flush();
    finish(end);
  }

  return {
    finish,
    goAway,
    failProtocol(reason) {
      if (reason instanceof NoHttp2) {
        finish({ why: 'lost', message: reason.message });
        return;
      }
      if (reason instanceof PeerFlood) {
        goAway(reason.code, { why: 'lost', message: reason.message });
        return;
      }
      const failure = reason instanceof ProtocolFailure ? reason : undefined;
      const message = `HTTP/2: ${failure?.message ?? 'unexpected'}`;
      goAway(failure?.code ?? INTERNAL_ERROR, { why: 'protocol', message, cause: reason });
    },
    drain(code) {
      liveness.drain();
      if (!isComplaint(code)) return;
      complaint = {
        why: 'protocol',
        message: `HTTP/2: the gateway reported an error of this client (code ${code})`,
      };
    },
    endIfDrained() {
      if (liveness.state !== 'draining' || inFlight.size > 0) return;
      output.flush();
      finish({ why: 'lost', message: 'the gateway closed the connection' });
    },
  };
}
