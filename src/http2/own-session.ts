import type { Duplex } from 'node:stream';
import { BroadcastError } from '../base/errors.js';
import { createAcknowledge } from './acknowledgements.js';
import { createAnswers } from './answers.js';
import { createDownloads } from './downloads.js';
import { createFrameHandlers } from './frame-handlers.js';
import { createFrameRouter } from './frame-router.js';
import { createFrameReader, PING, SETTINGS } from './frames.js';
import { createInFlight } from './in-flight.js';
import { createLiveness } from './liveness.js';
import { createOutcomes } from './outcomes.js';
import { CANCEL, NO_ERROR } from './protocol-failure.js';
import { createPromptAcks } from './prompt-acks.js';
import type { ReadBuffer } from './read-buffer.js';
import { createRequestWriter, type Origin } from './request-writer.js';
import { SILENT, type Session, type SessionEvents } from './session.js';
import { OWN_SETTINGS } from './settings.js';
import { createShutdown, type Shutdown } from './shutdown.js';
import { createUploads } from './uploads.js';
import { createWriteBuffer } from './write-buffer.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const PING_PAYLOAD = Buffer.alloc(8);

/**
 * A session of HTTP/2 that writes and reads its own frames, made for one thing: very many small requests that
 * all look alike. It keeps to RFC 9113 and 7541 as far as a client needs them; what it does not understand
 * ends it.
 *
 * @param socket Connected, TLS included.
 * @param readBuffer Where the socket puts what it receives.
 * @param firstStreamId Odd. Tests begin near the end of the numbers.
 */
export function createOwnSession(
  socket: Duplex,
  readBuffer: Pick<ReadBuffer, 'listen'>,
  origin: Origin,
  events: SessionEvents,
  firstStreamId = 1,
): Session {
  const output = createWriteBuffer(socket);
  const requests = createRequestWriter(output, origin);
  const uploads = createUploads(output);
  const downloads = createDownloads(output);
  const answers = createAnswers();
  const inFlight = createInFlight(firstStreamId);
  const outcomes = createOutcomes(output, uploads, inFlight, events);
  const liveness = createLiveness(ping, () => {
    shutdown.finish({ why: 'lost', message: SILENT });
  });
  const shutdown = createShutdown({ socket, output, inFlight, liveness, events });
  const acks = createPromptAcks(output, inFlight, downloads);
  const acknowledge = createAcknowledge(output);
  const streams = { requests, uploads, downloads, answers, inFlight, outcomes };
  const connection = { acknowledge, acks, liveness, shutdown, events };
  const route = createFrameRouter(createFrameHandlers({ ...streams, ...connection }), answers.isInBlock);
  const read = createFrameReader(route, () => liveness.state !== 'over');

  function ping(): void {
    output.frame(PING, 0, 0, PING_PAYLOAD);
    output.flush();
  }

  endWithSocket(socket, shutdown);
  socket.write(PREFACE);
  output.frame(SETTINGS, 0, 0, OWN_SETTINGS);
  downloads.open();

  readBuffer.listen((chunk) => {
    liveness.onHeard();
    try {
      read(chunk);
    } catch (reason) {
      shutdown.failProtocol(reason);
    }
  });

  return {
    hasRoom: () => liveness.state === 'ready' && inFlight.hasRoom(),
    isPending: () => liveness.state === 'greeting' || liveness.state === 'probing',
    open(exchange) {
      exchange.streamId = inFlight.nextStreamId;
      exchange.heardBefore = liveness.heardCount;
      requests.write(exchange);
      inFlight.add(exchange);
      uploads.start(exchange);
      if (inFlight.isExhausted()) liveness.drain();
    },
    cancel(exchange) {
      if (!inFlight.has(exchange)) return;
      outcomes.reset(exchange, CANCEL);
      shutdown.endIfDrained();
    },
    expire(now) {
      let next = Infinity;
      for (const exchange of inFlight) {
        if (exchange.endsAt > now) {
          next = Math.min(next, exchange.endsAt);
          continue;
        }
        outcomes.reset(exchange, CANCEL);
        // Before it is told of, since a retry must not take a connection that may be dead.
        if (exchange.heardBefore === liveness.heardCount) liveness.probe();
        events.onFailure(
          exchange,
          new BroadcastError('NO_ANSWER', 'no answer within the time limit of the attempt'),
        );
      }
      shutdown.endIfDrained();
      return next;
    },
    probe: liveness.probe,
    lastHeardAt: () => liveness.heardAt,
    hasCarried: () => inFlight.carried > 0,
    close() {
      shutdown.goAway(NO_ERROR, { why: 'closed', message: 'the transport was closed' });
    },
  };
}

function endWithSocket(socket: Duplex, shutdown: Shutdown): void {
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    const message = `the connection to the gateway broke (${cause.code ?? cause.message})`;
    shutdown.finish({ why: 'lost', message, cause });
  });
  socket.on('close', () => {
    shutdown.finish({ why: 'lost', message: 'the connection to the gateway ended' });
  });
}
