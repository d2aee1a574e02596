import { readFileSync } from 'node:fs';

const page = new URL('../../docs/deploy.md', import.meta.url);

/** The one list of roles, in docs/deploy.md: every way to deploy gives these. */
export function documentedRoles(): { role: string; on: string }[] {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| `(?<role>[\w.-]+)` +\| (?<on>\w+) +\|/gm);
  return [...rows].map(({ groups }) => ({ role: groups?.['role'] ?? '', on: groups?.['on'] ?? '' }));
}
