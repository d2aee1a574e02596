/** The names by which clients may reach the gateway. */

/** @param host A `Host` header: a name or an address, with or without a port. */
export type HostCheck = (host: string) => boolean;

/**
 * Loopback names and addresses are always allowed: nobody else can point them anywhere.
 *
 * @param others Names without ports. One that begins with a dot stands for all names that end with it.
 */
export function createHostCheck(others: readonly string[]): HostCheck {
  const names = new Set(others.map((name) => name.toLowerCase()));
  const endings = [...names].filter((name) => name.startsWith('.'));
  return (host) => {
    const name = hostnameOf(host)?.replace(/\.$/, '');
    if (name === undefined) return false;
    return isLoopback(name) || names.has(name) || endings.some((ending) => name.endsWith(ending));
  };
}

/** In lower case, without the port; `undefined` when it is none. */
function hostnameOf(host: string): string | undefined {
  // Anything else would be read as another part of a URL.
  if (!/^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d*)?$/i.test(host)) return undefined;
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** Whether a host is this machine under a name that always means this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);
}
