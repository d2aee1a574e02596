import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';

function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** 33 characters, as in the published sample. */
export function newConnectionId(): string {
  return `d${randomText(32)}`;
}

/** Makes message ids of 30 characters whose lexicographic order is their order in time, as documented. */
export function createMessageIds(): () => string {
  let count = 0;
  return () => (count++).toString(32).padStart(14, '0') + randomText(16);
}

/** The same each time for the same text. */
export function stableId(prefix: string, text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 17);
  return prefix + Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** An id in the form that the platform gives to functions, gateways and folders. */
export function newResourceId(prefix: string): string {
  return prefix + randomText(17);
}
