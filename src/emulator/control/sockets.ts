/** What can be done to sockets by hand: send, speak for the client, close, reset. */
import * as z from 'zod';
import { parseOptions } from '../../base/options.js';
import { MAX_SEND_BYTES } from '../../base/protocol.js';
import type { Endpoint } from './endpoint.js';
import { resolveTarget } from './targets.js';

/** How many connections it was done to. */
interface Done {
  readonly connections: number;
}

const target = z.string().min(1, 'is required');

const sendSchema = z.strictObject({
  to: target,
  data: z.string().min(1, 'is empty, which the gateway refuses'),
  /** How `data` stands for bytes. */
  encoding: z.enum(['utf8', 'base64']).default('utf8'),
  frame: z.enum(['text', 'binary']).default('text'),
  /** `server` puts a frame on the sockets; `client` calls the function as if the client had sent it. */
  as: z.enum(['server', 'client']).default('server'),
});

export const sendByHand: Endpoint = {
  method: 'POST',
  path: 'send',
  run(parts, { body }): Done {
    const { to, data, encoding, frame, as } = parseOptions(sendSchema, body ?? {}, 'send');
    const bytes = Buffer.from(data, encoding);
    checkSize(bytes);
    const connections = resolveTarget(parts, to);
    for (const connection of connections) {
      if (as === 'client') parts.gateway.receive(connection, bytes, frame === 'binary');
      else {
        parts.gateway.deliver(connection, bytes, frame === 'binary');
        const { id: connectionId } = connection;
        parts.timeline.add({
          type: 'send',
          connectionId,
          via: 'inspector',
          status: 200,
          bytes: bytes.length,
          frame,
        });
      }
    }
    return { connections: connections.length };
  },
};

function checkSize({ length }: Buffer): void {
  if (length === 0 || length > MAX_SEND_BYTES)
    parseOptions(z.never(`expected 1 to ${MAX_SEND_BYTES} bytes, got ${length}`), length, 'send.data');
}

/** Codes that a close frame may carry. */
const closeCode = z
  .int()
  .refine(
    (code) =>
      (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999),
    {
      error: 'expected 1000 to 1003, 1007 to 1014 or 3000 to 4999',
    },
  );

const closeSchema = z.strictObject({ to: target, code: closeCode.default(1000) });

export const closeByHand: Endpoint = {
  method: 'POST',
  path: 'close',
  run(parts, { body }): Done {
    const { to, code } = parseOptions(closeSchema, body ?? {}, 'close');
    const connections = resolveTarget(parts, to);
    for (const connection of connections)
      parts.gateway.close(connection, { code, reason: '', by: 'inspector' });
    return { connections: connections.length };
  },
};

const dropSchema = z.strictObject({ to: target });

export const dropByHand: Endpoint = {
  method: 'POST',
  path: 'drop',
  run(parts, { body }): Done {
    const connections = resolveTarget(parts, parseOptions(dropSchema, body ?? {}, 'drop').to);
    for (const connection of connections)
      parts.gateway.drop(connection, { code: 1006, reason: '', by: 'inspector' });
    return { connections: connections.length };
  },
};
