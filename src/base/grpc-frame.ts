/** Compression flag and length of the message, which gRPC puts in front of each message. */
export const GRPC_PREFIX_BYTES = 5;

/** The message with its prefix. */
export function grpcFrame(message: Buffer): Buffer {
  const frame = Buffer.alloc(GRPC_PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, GRPC_PREFIX_BYTES);
  return frame;
}

/**
 * The message in a frame; `undefined` when it is compressed or incomplete. What follows the first frame is
 * ignored.
 */
export function readGrpcFrame(body: Buffer): Buffer | undefined {
  if (body.length < GRPC_PREFIX_BYTES || body[0] !== 0) return undefined;
  const end = GRPC_PREFIX_BYTES + body.readUInt32BE(1);
  return end > body.length ? undefined : body.subarray(GRPC_PREFIX_BYTES, end);
}
