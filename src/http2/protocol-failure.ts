/**
 * The other side broke the protocol, or does something that we do not understand. It ends the session, not
 * the process.
 */
export class ProtocolFailure extends Error {
  override readonly name = 'ProtocolFailure';
  /** Error code of HTTP/2, for the GOAWAY frame. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The other side answered in HTTP/1.1, so `node:http2` would fare no better. */
export class NoHttp2 extends Error {
  override readonly name = 'NoHttp2';

  constructor() {
    super(NO_HTTP2);
  }
}

/** The other side asks for more answers than it reads. `node:http2` is no remedy for that. */
export class PeerFlood extends Error {
  override readonly name = 'PeerFlood';
  readonly code: number;

  constructor(code: number) {
    super('the gateway asks for more answers (PING, SETTINGS) than it reads');
    this.code = code;
  }
}

export const NO_HTTP2 =
  'the gateway does not speak HTTP/2 at this address; restTransport() works without HTTP/2';

/** Error codes of RFC 9113, section 7. */
export const NO_ERROR = 0x0;
export const PROTOCOL_ERROR = 0x1;
export const INTERNAL_ERROR = 0x2;
export const FLOW_CONTROL_ERROR = 0x3;
export const SETTINGS_TIMEOUT = 0x4;
export const STREAM_CLOSED = 0x5;
export const FRAME_SIZE_ERROR = 0x6;
export const REFUSED_STREAM = 0x7;
export const CANCEL = 0x8;
export const COMPRESSION_ERROR = 0x9;
export const ENHANCE_YOUR_CALM = 0xb;
