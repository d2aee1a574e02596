import type { OpenConnection } from '../sockets/connections.js';
import { ControlError } from './control-error.js';
import type { ControlApiDeps } from './parts.js';

/** How a target is written, for messages. */
const FORMS = "all, path:/ws, room:NAME, a connection's id or the end of it";

/**
 * The open connections that a target names. Throws {@link ControlError} when it names none by id; an empty
 * room or path is an empty list.
 */
export function resolveTarget({ gateway, rooms }: ControlApiDeps, target: string): readonly OpenConnection[] {
  const all = [...gateway.connections.all()];
  if (target === 'all') return all;
  const [, kind, name = ''] = /^(path|room):(.+)$/.exec(target) ?? [];
  if (kind === 'path')
    return all.filter(({ handshake }) => handshake.path === name || handshake.template === name);
  if (kind === 'room') {
    const members = rooms.membersOf(name);
    return all.filter(({ id }) => members.has(id));
  }
  return [findConnection(all, target)];
}

/** Log lines show the end of an id only, so the end is enough where it fits one connection. */
function findConnection(all: readonly OpenConnection[], target: string): OpenConnection {
  const end = target.replace(/^…/, '');
  const exact = all.find(({ id }) => id === end);
  if (exact !== undefined) return exact;
  const found = end.length < 4 ? [] : all.filter(({ id }) => id.endsWith(end));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const problem =
    found.length === 0 ? `no open connection '${target}'` : `'${target}' matches ${found.length} connections`;
  throw new ControlError(404, `${problem}; a target is ${FORMS}`);
}
