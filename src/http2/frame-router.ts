import type { FrameBody } from './answers.js';
import {
  ACK,
  CONTINUATION,
  DATA,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  type OnFrame,
} from './frames.js';
import { FRAME_SIZE_ERROR, PROTOCOL_ERROR, ProtocolFailure } from './protocol-failure.js';
import { readSettings, type PeerSettings } from './settings.js';

/** What frames say, once their form has been checked. */
export interface FrameHandlers {
  /** HEADERS, CONTINUATION or DATA. */
  onAnswerFrame(type: number, flags: number, streamId: number, frame: FrameBody): void;
  onSettings(settings: PeerSettings): void;
  onPing(payload: Buffer): void;
  onPingAnswer(): void;
  onReset(streamId: number, code: number): void;
  onGoAway(lastStreamId: number, code: number): void;
  onWindowUpdate(streamId: number, bytes: number): void;
}

/**
 * Checks the form of every frame and hands it to whom it concerns. Throws {@link ProtocolFailure} for what
 * must not come.
 *
 * @param isInBlock Whether a header block has begun, so that only its continuation may follow.
 */
export function createFrameRouter(handlers: FrameHandlers, isInBlock: () => boolean): OnFrame {
  let isGreeted = false;

  return (type, flags, streamId, buffer, start, end) => {
    if (type !== CONTINUATION && isInBlock()) fail('a header block was interrupted');
    if (!isGreeted && type !== SETTINGS) fail('the first frame is not SETTINGS');
    const frame = { buffer, start, end };
    if (type === DATA || type === HEADERS || type === CONTINUATION) {
      handlers.onAnswerFrame(type, flags, streamId, frame);
    } else if (type === SETTINGS) {
      isGreeted = true;
      routeSettings(handlers, flags, streamId, frame);
    } else if (type <= WINDOW_UPDATE) routeControl(handlers, type, flags, streamId, frame);
    // Frames of other types are extensions, to be ignored.
  };
}

function routeSettings(handlers: FrameHandlers, flags: number, streamId: number, frame: FrameBody): void {
  requireConnection(streamId);
  if ((flags & ACK) !== 0) requireLength(frame, 0);
  else handlers.onSettings(readSettings(frame.buffer, frame.start, frame.end));
}

function routeControl(
  handlers: FrameHandlers,
  type: number,
  flags: number,
  streamId: number,
  frame: FrameBody,
): void {
  if (type === WINDOW_UPDATE) handlers.onWindowUpdate(streamId, numberOf(frame) & 0x7fffffff);
  else if (type === RST_STREAM) handlers.onReset(streamId, numberOf(frame));
  else if (type === PING) routePing(handlers, flags, streamId, frame);
  else if (type === GOAWAY) routeGoAway(handlers, streamId, frame);
  else if (type === PRIORITY) requireLength(frame, 5);
  else if (type === PUSH_PROMISE) fail('a push came although pushes were refused');
}

function routePing(handlers: FrameHandlers, flags: number, streamId: number, frame: FrameBody): void {
  requireConnection(streamId);
  requireLength(frame, 8);
  if ((flags & ACK) !== 0) handlers.onPingAnswer();
  else handlers.onPing(frame.buffer.subarray(frame.start, frame.end));
}

function routeGoAway(handlers: FrameHandlers, streamId: number, { buffer, start, end }: FrameBody): void {
  requireConnection(streamId);
  if (end - start < 8) throw new ProtocolFailure(FRAME_SIZE_ERROR, 'a GOAWAY frame is too short');
  handlers.onGoAway(buffer.readUInt32BE(start) & 0x7fffffff, buffer.readUInt32BE(start + 4));
}

function numberOf(frame: FrameBody): number {
  requireLength(frame, 4);
  return frame.buffer.readUInt32BE(frame.start);
}

function requireConnection(streamId: number): void {
  if (streamId !== 0) fail('a frame for the connection names a stream');
}

function requireLength({ start, end }: FrameBody, bytes: number): void {
  if (end - start !== bytes) throw new ProtocolFailure(FRAME_SIZE_ERROR, 'a frame has a wrong length');
}

function fail(problem: string): never {
  throw new ProtocolFailure(PROTOCOL_ERROR, problem);
}
