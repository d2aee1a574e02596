import { parseJson } from '../json.js';
import type { ByeMessage, ErrorMessage, NumberedMessage, ReplyMessage, ServerMessage } from '../protocol.js';

/** Whatever the server sends. Other types that begin with `$` are of a later version, and not for us. */
export type Frame = ReplyMessage | ErrorMessage | ByeMessage | NumberedMessage | ServerMessage;

/** A frame as an object; `undefined` for what is no message of this protocol. */
export function readFrame(text: string): Frame | undefined {
  const frame = parseJson(text);
  const isMessage =
    typeof frame === 'object' && frame !== null && typeof Reflect.get(frame, 'type') === 'string';
  return isMessage ? (frame as Frame) : undefined;
}

export function isNumbered(frame: Frame): frame is NumberedMessage {
  return 'offset' in frame;
}
