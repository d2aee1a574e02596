/** Random characters: unguessable, and available on pages without TLS too, where `crypto.randomUUID` is not. */
export function randomText(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
