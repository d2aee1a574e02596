/**
 * The name of a history that is the library's own. It begins with `$`, so that no client can join it, and is
 * hashed, so that whatever it is made of fits and no listing shows it.
 */
export async function privateName(purpose: string, ...parts: readonly (string | null)[]): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(parts)));
  return `$${purpose}:${Buffer.from(hash).toString('base64url')}`;
}
