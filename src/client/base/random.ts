/** Random digits: unguessable, and available on pages without TLS too, where `crypto.randomUUID` is not. */
export function randomDigits(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('');
}
