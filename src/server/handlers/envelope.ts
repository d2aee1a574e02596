import * as z from 'zod/mini';
import { BroadcastError } from '../../base/errors.js';
import { check, firstIssue, lazily } from '../../base/options.js';
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_ID_LENGTH } from '../../base/protocol.js';

const envelopeSchema = lazily(() =>
  z.strictObject({
    type: z.string(),
    data: z.optional(z.unknown()),
    id: z.optional(z.string().check(z.maxLength(MAX_MESSAGE_ID_LENGTH))),
  }),
);

export type Envelope = z.output<ReturnType<typeof envelopeSchema>>;

/**
 * Reads the parts of a client's message. Up to the gateway's limit it is worth parsing to learn which limit
 * its type has.
 */
export function readEnvelope(body: string, bytes: number, maxBytes: number): Envelope {
  limitSize(bytes, Math.max(maxBytes, MAX_MESSAGE_BYTES));
  const result = check(envelopeSchema(), parseJson(body));
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  throw new BroadcastError('INVALID_MESSAGE', message, { path });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new BroadcastError('INVALID_MESSAGE', 'expected one JSON object');
  }
}

/** Throws `PAYLOAD_TOO_LARGE` for a message of more than `maxBytes`. */
export function limitSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new BroadcastError('PAYLOAD_TOO_LARGE', `the message has ${bytes} bytes, the limit is ${maxBytes}`);
}
