import * as z from 'zod/mini';
import { lazily, parseOptions } from '../../base/options.js';
import { BYE_TYPE, type Bye } from '../../base/protocol.js';
import type { Transport } from '../../model/transport.js';
import { messageId, serverMessageText } from './message.js';

/**
 * Why a connection is closed, and whether its client may come back. The platform has no close codes: it is
 * told before.
 */
export interface Goodbye {
  /** From 4000 to 4999; see `BYE_CODES`. */
  readonly code: number;
  /** For people and logs; at most 123 UTF-8 bytes. */
  readonly reason: string;
  /**
   * Whether the client should connect again. A client that does not listen may anyway: refuse it at connect.
   * @default false
   */
  readonly reconnect?: boolean | undefined;
  /** Not before this time, in milliseconds; only with `reconnect`. Clients add a random part. */
  readonly afterMs?: number | undefined;
}

const MAX_REASON_BYTES = 123;

const goodbyeSchema = lazily(() =>
  z
    .strictObject({
      code: z.int().check(z.minimum(4000), z.maximum(4999)),
      reason: z
        .string()
        .check(
          z.refine(
            (text) => Buffer.byteLength(text) <= MAX_REASON_BYTES,
            `at most ${MAX_REASON_BYTES} bytes`,
          ),
        ),
      reconnect: z._default(z.boolean(), false),
      afterMs: z.optional(z.int().check(z.minimum(0))),
    })
    .check(
      z.refine(({ reconnect, afterMs }) => reconnect || afterMs === undefined, {
        error: 'needs reconnect: true',
        path: ['afterMs'],
      }),
    ),
);

/** The message that says goodbye. Throws `INVALID_OPTIONS` that names the field. */
export function goodbyeText(goodbye: Goodbye, id: string = messageId(undefined)): string {
  const data: Bye = parseOptions(goodbyeSchema(), goodbye, 'disconnect');
  return serverMessageText({ type: BYE_TYPE, data, id });
}

/**
 * Says goodbye and then closes. Tried again as a whole when either goes wrong; a second goodbye does no harm.
 */
export function closingSender(transport: Transport): Pick<Transport, 'send'> {
  return {
    async send(connectionId, payload, options) {
      await transport.send(connectionId, payload, options);
      await transport.disconnect(connectionId, options);
    },
  };
}
