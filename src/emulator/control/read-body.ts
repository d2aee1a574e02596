import { parseJson } from '../../base/json.js';
import type { IncomingRequest } from '../http/exchange.js';
import { ControlError } from './control-error.js';

/** More than any request needs: a message of 131,072 bytes as JSON text, every byte of it escaped. */
const MAX_BYTES = 1024 * 1024;

/** The JSON of a request's body; `undefined` when there is none. Throws {@link ControlError}. */
export async function readBody(request: IncomingRequest): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new ControlError(413, `a request has at most ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  const value = parseJson(Buffer.concat(chunks).toString('utf8'));
  if (value === undefined) throw new ControlError(400, 'the body is not JSON');
  return value;
}
