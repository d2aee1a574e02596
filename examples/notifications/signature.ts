import { createHmac, timingSafeEqual } from 'node:crypto';

/** The key is signed with the body, so that nobody can repeat an order under another key. */
function signatureOf(secret: string, key: string, body: string): string {
  return createHmac('sha256', secret).update(`${key}\n${body}`).digest('hex');
}

/** Takes the same time whether a signature is nearly right or not at all. */
export function isSigned(given: string | null, secret: string, key: string, body: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(signatureOf(secret, key, body))];
  return a.length === b.length && timingSafeEqual(a, b);
}
