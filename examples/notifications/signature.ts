import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Clocks differ, and so do ways. Far less than keys are remembered, or an order that somebody kept could be
 * sent again.
 */
const VALID_MS = 5 * 60 * 1000;

export interface SignedOrder {
  /** When it was signed, in Unix milliseconds. */
  readonly time: string;
  /** Signed as well, so that nobody can repeat an order under another key. */
  readonly key: string;
  readonly body: string;
}

function signatureOf(secret: string, { time, key, body }: SignedOrder): string {
  return createHmac('sha256', secret).update(`${time}\n${key}\n${body}`).digest('hex');
}

/** Takes the same time whether a signature is nearly right or not at all. */
export function isSigned(given: string | undefined, secret: string, order: SignedOrder): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(signatureOf(secret, order))];
  return a.length === b.length && timingSafeEqual(a, b);
}

export function isOfNow({ time }: SignedOrder): boolean {
  return /^\d+$/.test(time) && Math.abs(Date.now() - Number(time)) <= VALID_MS;
}
