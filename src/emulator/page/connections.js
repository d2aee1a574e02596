import { read } from './api.js';
import { createDetail } from './connection-detail.js';
import { button, cell, find, make, tellEmpty } from './dom.js';
import { count, shortId, span } from './format.js';

const PAGE = 100;
/** A connection that will be closed so soon is marked. */
const SOON_MS = 60_000;

/** The table of open connections: one page of it at a time, however many there are. */
export function createConnections({ onChange, onTarget, onTimeline }) {
  const table = find('connection-table');
  const detail = createDetail({ onChange, onTimeline });
  let offset = 0;
  let chosen;

  async function refresh({ now }) {
    const query = { search: find('search').value, sort: find('sort').value, offset, limit: PAGE };
    const { total, connections } = await read('connections', query);
    if (connections.length === 0 && offset > 0) {
      offset = Math.max(0, Math.ceil(total / PAGE - 1) * PAGE);
      return refresh({ now });
    }
    table.tBodies[0].replaceChildren(...connections.map((row) => rowOf(row, now)));
    tellEmpty(
      table,
      total === 0,
      find('search').value === '' ? 'Nobody is connected.' : 'No connection fits.',
    );
    showRange(total, connections.length);
    await detail.show(chosen, now);
  }

  function rowOf({ id, path, connectedAt, lastActiveAt, received, sent, rooms, closesAt, closesBy }, now) {
    const left = closesAt - now;
    const mark =
      left > SOON_MS
        ? undefined
        : make('span', { className: 'soon' }, ` closes in ${span(left)}: ${closesBy}`);
    const choose = button(shortId(id), () => select(id), { className: 'id', title: id });
    choose.setAttribute('aria-pressed', String(id === chosen));
    return make(
      'tr',
      { className: id === chosen ? 'chosen' : '', onclick: ({ target }) => target !== choose && select(id) },
      cell(choose),
      make('td', {}, path, mark),
      cell(span(now - connectedAt), 'number'),
      cell(span(now - lastActiveAt), 'number'),
      cell(count(received), 'number'),
      cell(count(sent), 'number'),
      cell(rooms.join(', '), 'rooms'),
    );
  }

  function select(id) {
    chosen = chosen === id ? undefined : id;
    onTarget(chosen ?? 'all');
    onChange();
  }

  function showRange(total, shown) {
    find('range').textContent =
      total === 0 ? '' : `${count(offset + 1)}–${count(offset + shown)} of ${count(total)}`;
    find('previous').disabled = offset === 0;
    find('next').disabled = offset + shown >= total;
  }

  function turn(pages) {
    offset = Math.max(0, offset + pages * PAGE);
    onChange();
  }

  find('previous').addEventListener('click', () => turn(-1));
  find('next').addEventListener('click', () => turn(1));
  for (const [id, event] of [
    ['search', 'input'],
    ['sort', 'change'],
  ]) {
    find(id).addEventListener(event, () => {
      offset = 0;
      onChange();
    });
  }

  return { refresh };
}
