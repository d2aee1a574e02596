import { read } from './api.js';
import { button, cell, find, make, tellEmpty } from './dom.js';
import { count } from './format.js';

/** Rooms and their members. They live in the application's store; the library tells of them. */
export function createRooms({ onChange, onTarget }) {
  const table = find('room-table');

  async function refresh() {
    const { total, rooms } = await read('rooms', { search: find('room-search').value });
    table.tBodies[0].replaceChildren(...rooms.map(rowOf));
    find('room-total').textContent =
      rooms.length < total ? `${count(rooms.length)} of ${count(total)}` : count(total);
    tellEmpty(table, total === 0, 'No rooms. They show when a function joins connections with this library.');
  }

  function rowOf({ name, members, stale }) {
    return make(
      'tr',
      { className: stale > 0 ? 'warning' : '' },
      cell(button(name, () => onTarget(`room:${name}`), { className: 'id', title: 'Send to this room' })),
      cell(count(members), 'number'),
      cell(stale === 0 ? '' : count(stale), 'number status'),
    );
  }

  find('room-search').addEventListener('input', onChange);
  return { refresh };
}
