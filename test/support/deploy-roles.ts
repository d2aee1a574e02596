import { readFileSync } from 'node:fs';

const page = new URL('../../docs/deploy.md', import.meta.url);

export interface DocumentedRole {
  readonly role: string;
  /** The kind of resource. */
  readonly on: string;
  /** The account. */
  readonly to: string;
}

/** The one list of roles, in docs/deploy.md: every way to deploy gives these. */
export function documentedRoles(): DocumentedRole[] {
  const rows = readFileSync(page, 'utf8').matchAll(
    /^\| `(?<role>[\w.-]+)` +\| (?<on>\w+) +\| (?<to>\w+) +\|/gm,
  );
  return [...rows].map(({ groups }) => ({
    role: groups?.['role'] ?? '',
    on: groups?.['on'] ?? '',
    to: groups?.['to'] ?? '',
  }));
}
