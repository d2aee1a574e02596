import { BroadcastError } from '../base/errors.js';
import {
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  PROTOCOL_ERROR,
  SETTINGS_TIMEOUT,
  STREAM_CLOSED,
} from './protocol-failure.js';

/** What it means that the gateway gave up on a request after it may have begun to carry it out. */
export function errorOfReset(code: number): BroadcastError {
  return new BroadcastError(
    code === ENHANCE_YOUR_CALM ? 'RATE_LIMITED' : 'NO_ANSWER',
    `the gateway reset the request (HTTP/2 code ${code})`,
  );
}

const COMPLAINTS = new Set([
  PROTOCOL_ERROR,
  FLOW_CONTROL_ERROR,
  SETTINGS_TIMEOUT,
  STREAM_CLOSED,
  FRAME_SIZE_ERROR,
  COMPRESSION_ERROR,
]);

/** Whether a GOAWAY with this code says that we broke the protocol. */
export function isComplaint(code: number): boolean {
  return COMPLAINTS.has(code);
}
