import { BroadcastError } from '../../base/errors.js';
import { goodbyeText, type Goodbye } from '../fanout/goodbye.js';
import { BYE_CODES } from '../../base/protocol.js';
import type { Transport } from '../../model/transport.js';

/**
 * Told to a connection that speaks although the store has nothing of it: its identity expired, or it was
 * removed.
 */
export const EXPIRED: Goodbye = {
  code: BYE_CODES.authenticationExpired,
  reason: 'connect again',
  reconnect: true,
};

const TIMEOUT_MS = 3000;

/**
 * Tells a client why and closes its connection. Whoever cannot be told is closed all the same; then it
 * rejects.
 */
export async function sayGoodbye(
  transport: Transport,
  connectionId: string,
  goodbye: Goodbye,
): Promise<void> {
  const payload = transport.encode(goodbyeText(goodbye));
  const told = transport.send(connectionId, payload, { timeoutMs: TIMEOUT_MS });
  await unlessGone(told.finally(() => closeConnection(transport, connectionId)));
}

/** Closes a connection; one that has gone already is fine. */
export async function closeConnection(transport: Transport, connectionId: string): Promise<void> {
  await unlessGone(transport.disconnect(connectionId, { timeoutMs: TIMEOUT_MS }));
}

async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (reason) {
    if (BroadcastError.from(reason).code !== 'CONNECTION_STALE') throw reason;
  }
}
