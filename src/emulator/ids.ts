import { randomBytes } from 'node:crypto';

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

/** An id in the form that the platform gives to functions, gateways and folders. */
export function newResourceId(prefix: string): string {
  return prefix + randomText(17);
}
