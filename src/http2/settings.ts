import { FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR, ProtocolFailure } from './protocol-failure.js';

/** Settings of RFC 9113, section 6.5.2. */
const HEADER_TABLE_SIZE = 0x1;
const ENABLE_PUSH = 0x2;
const MAX_CONCURRENT_STREAMS = 0x3;
const INITIAL_WINDOW_SIZE = 0x4;
const MAX_FRAME_SIZE = 0x5;

const SETTING_BYTES = 6;

/** What the other side said; what it left out is absent. */
export interface PeerSettings {
  headerTableSize?: number;
  maxConcurrentStreams?: number;
  initialWindowSize?: number;
}

/**
 * Body of our SETTINGS frame: no table for headers, which makes answers cheap to skip, and no pushes.
 * Everything else is at its default.
 */
export const OWN_SETTINGS = Buffer.concat([setting(HEADER_TABLE_SIZE, 0), setting(ENABLE_PUSH, 0)]);

function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(SETTING_BYTES);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

export function readSettings(buffer: Buffer, start: number, end: number): PeerSettings {
  if ((end - start) % SETTING_BYTES !== 0) {
    throw new ProtocolFailure(FRAME_SIZE_ERROR, 'a SETTINGS frame has a wrong length');
  }
  const settings: PeerSettings = {};
  for (let at = start; at < end; at += SETTING_BYTES) {
    apply(settings, buffer.readUInt16BE(at), buffer.readUInt32BE(at + 2));
  }
  return settings;
}

/**
 * Settings that we do not know are to be ignored. Frames larger than the default are allowed to us, but not
 * used.
 */
function apply(settings: PeerSettings, id: number, value: number): void {
  if (id === HEADER_TABLE_SIZE) settings.headerTableSize = value;
  else if (id === MAX_CONCURRENT_STREAMS) settings.maxConcurrentStreams = value;
  else if (id === INITIAL_WINDOW_SIZE) {
    if (value > 0x7fffffff) throw new ProtocolFailure(FLOW_CONTROL_ERROR, 'INITIAL_WINDOW_SIZE is too large');
    settings.initialWindowSize = value;
  } else if (id === MAX_FRAME_SIZE && (value < 16_384 || value > 16_777_215)) {
    throw new ProtocolFailure(PROTOCOL_ERROR, 'MAX_FRAME_SIZE is out of range');
  } else if (id === ENABLE_PUSH && value !== 0) {
    throw new ProtocolFailure(PROTOCOL_ERROR, 'a server may not set ENABLE_PUSH');
  }
}
