import type { Acknowledge } from './acknowledgements.js';
import type { Answers } from './answers.js';
import type { Downloads } from './downloads.js';
import { DATA, END_STREAM, HEADERS, PING, SETTINGS } from './frames.js';
import type { FrameHandlers } from './frame-router.js';
import type { InFlight } from './in-flight.js';
import type { Liveness } from './liveness.js';
import type { Outcomes } from './outcomes.js';
import type { PromptAcks } from './prompt-acks.js';
import { REFUSED_STREAM } from './protocol-failure.js';
import type { RequestWriter } from './request-writer.js';
import { errorOfReset } from './resets.js';
import type { SessionEvents } from './session.js';
import type { Shutdown } from './shutdown.js';
import type { Uploads } from './uploads.js';

export interface FrameHandlerDeps {
  readonly acknowledge: Acknowledge;
  readonly requests: RequestWriter;
  readonly uploads: Uploads;
  readonly downloads: Downloads;
  readonly acks: PromptAcks;
  readonly answers: Answers;
  readonly inFlight: InFlight;
  readonly liveness: Liveness;
  readonly outcomes: Outcomes;
  readonly shutdown: Shutdown;
  readonly events: SessionEvents;
}

const NOTHING = Buffer.alloc(0);

/** What a session does about each kind of frame that it receives. */
export function createFrameHandlers(deps: FrameHandlerDeps): FrameHandlers {
  const { acknowledge, uploads, downloads, acks, answers, inFlight, liveness, outcomes, shutdown, events } =
    deps;

  return {
    onAnswerFrame(type, flags, streamId, frame) {
      const exchange = inFlight.find(streamId);
      let isComplete: boolean;
      if (type === DATA) {
        downloads.count(frame.end - frame.start, exchange, (flags & END_STREAM) !== 0);
        isComplete = answers.onData(exchange, flags, frame);
      } else if (type === HEADERS) isComplete = answers.onHeaders(exchange, flags, streamId, frame);
      else isComplete = answers.onContinuation(exchange, flags, streamId, frame);
      if (!isComplete || exchange === undefined) return;
      outcomes.complete(exchange);
      shutdown.endIfDrained();
    },
    onSettings({ maxConcurrentStreams, headerTableSize, initialWindowSize }) {
      if (maxConcurrentStreams !== undefined) inFlight.limit(maxConcurrentStreams);
      if (headerTableSize !== undefined) deps.requests.resizeTable(headerTableSize);
      if (initialWindowSize !== undefined) uploads.setInitialWindow(initialWindowSize);
      acknowledge(SETTINGS, NOTHING);
      liveness.onGreeting();
      events.onRoom();
    },
    onPing(payload) {
      acknowledge(PING, payload);
    },
    onPingAnswer() {
      if (liveness.onPingAnswer()) events.onRoom();
    },
    onWindowUpdate(streamId, bytes) {
      if (streamId !== 0) inFlight.find(streamId);
      uploads.widen(streamId, bytes);
      acks.onWindowUpdate();
    },
    onReset(streamId, code) {
      const exchange = inFlight.find(streamId);
      // Also after an early answer, which some servers follow by a reset: that one has been dealt with.
      if (exchange === undefined) return;
      if (code === REFUSED_STREAM) outcomes.giveBack(exchange, true);
      else outcomes.fail(exchange, errorOfReset(code));
      shutdown.endIfDrained();
    },
    /**
     * No new requests; those that the other side has not touched can go elsewhere, the others are waited for.
     */
    onGoAway(lastStreamId, code) {
      shutdown.drain(code);
      const untouched = [...inFlight].filter(({ streamId }) => streamId > lastStreamId);
      for (const exchange of untouched) outcomes.giveBack(exchange, false);
      shutdown.endIfDrained();
    },
  };
}
