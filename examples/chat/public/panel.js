/** The column at the side: rooms and people. */
import { avatar, element, find, icon } from './dom.js';
import { text } from './text.js';

const MOST_FACES = 4;

export function createRoomList({ home, onLeave }) {
  const list = find('rooms');
  const rows = new Map();

  function rowOf(name) {
    const badge = element('span', { className: 'badge', hidden: true });
    const label = element('span', { className: 'room-name', dir: 'auto' }, name);
    const link = element('a', { href: `#${encodeURIComponent(name)}` }, label, badge);
    const leave = element('button', {
      type: 'button',
      className: 'quiet leave',
      title: text.leaveRoom(name),
    });
    leave.setAttribute('aria-label', text.leaveRoom(name));
    leave.append(icon('close'));
    leave.addEventListener('click', () => onLeave(name));
    const row = { node: element('li', {}, link, leave), link, badge, leave };
    list.append(row.node);
    return row;
  }

  /** Rows stay the same elements, so that the keyboard focus stays where it is. */
  return function render(names, rooms, active) {
    for (const [name, { node }] of rows) {
      if (names.includes(name)) continue;
      node.remove();
      rows.delete(name);
    }
    for (const name of names) {
      if (!rows.has(name)) rows.set(name, rowOf(name));
      const { link, badge, leave } = rows.get(name);
      const { unread = 0 } = rooms.get(name) ?? {};
      if (name === active) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
      badge.hidden = unread === 0;
      badge.textContent = unread > 99 ? '99+' : unread;
      badge.setAttribute('aria-label', text.unread(unread));
      leave.hidden = name === home || !rooms.has(name);
    }
  };
}

export function renderPeople(here, me) {
  const people = [...(here?.people ?? [])].sort(
    (a, b) => Number(b.user === me) - Number(a.user === me) || a.name.localeCompare(b.name),
  );
  find('people').replaceChildren(...people.map((person) => personRow(person, me)));
  if (here !== undefined && here.people === undefined) {
    find('people').append(element('li', { className: 'hint' }, text.people(here.count), '. ', text.tooMany));
  }
  find('room-count').textContent = here === undefined ? text.connecting : text.people(here.count);
  find('faces').replaceChildren(...people.slice(0, MOST_FACES).map(avatar));
}

function personRow(person, me) {
  const name = element('span', { className: 'person-name', dir: 'auto' }, person.name);
  const row = element('li', {}, avatar(person), name);
  if (person.user === me) row.append(element('span', { className: 'hint' }, text.you));
  return row;
}
