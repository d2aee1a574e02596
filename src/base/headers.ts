/** Request headers, looked up by name in any case. */
export interface HeaderLookup {
  get(name: string): string | undefined;
  entries(): Iterable<readonly [string, string]>;
}

/** Makes a look-up over the two header maps of an event; a single value wins over the first of several. */
export function headerLookup(
  single: Readonly<Record<string, string>>,
  multiple: Readonly<Record<string, readonly string[]>> = {},
): HeaderLookup {
  const byName = new Map<string, string>();
  for (const [name, values] of Object.entries(multiple)) {
    if (values[0] !== undefined) byName.set(name.toLowerCase(), values[0]);
  }
  for (const [name, value] of Object.entries(single)) byName.set(name.toLowerCase(), value);
  return { get: (name) => byName.get(name.toLowerCase()), entries: () => byName.entries() };
}

/**
 * The values of one cookie header as a map; the first of two equal names wins, as browsers send the closest
 * first.
 */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at === -1) continue;
    const name = pair.slice(0, at).trim();
    if (name !== '' && !cookies.has(name)) cookies.set(name, decodeCookie(pair.slice(at + 1).trim()));
  }
  return cookies;
}

function decodeCookie(value: string): string {
  const plain = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}
