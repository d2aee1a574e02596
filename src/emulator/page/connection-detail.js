import { ask, read } from './api.js';
import { button, find, make } from './dom.js';
import { span } from './format.js';

const CODES = [1000, 1001, 1008, 1011, 1012, 4000];

/** What is known of the chosen connection, and what can be done to it. */
export function createDetail({ onChange, onTimeline }) {
  const place = find('detail');
  const facts = make('dl');
  const problem = make('span', { className: 'outcome', role: 'status' });
  let id;

  const code = make(
    'select',
    { title: 'Close code' },
    ...CODES.map((value) => make('option', {}, String(value))),
  );
  code.setAttribute('aria-label', 'Close code');

  function act(name, body = {}) {
    problem.textContent = '';
    ask('POST', name, { to: id, ...body }).then(onChange, ({ message }) => (problem.textContent = message));
  }

  place.append(
    facts,
    make(
      'div',
      { className: 'row' },
      button('Timeline', () => onTimeline(id)),
      button('Close', () => act('close', { code: Number(code.value) }), { title: 'With a close frame' }),
      code,
      button('Drop', () => act('drop'), { title: 'Resets TCP, as a broken network does' }),
      problem,
    ),
  );

  async function show(chosen, now) {
    id = chosen;
    place.hidden = id === undefined;
    if (id === undefined) return;
    try {
      const connection = await read(`connections/${encodeURIComponent(id)}`);
      facts.replaceChildren(
        ...rowsOf(connection, now).flatMap(([term, text]) => [make('dt', {}, term), make('dd', {}, text)]),
      );
    } catch ({ message }) {
      facts.replaceChildren(make('dt', {}, 'Id'), make('dd', {}, `${id}: ${message}`));
    }
  }

  return { show };
}

function rowsOf(connection, now) {
  const { id, template, path, sourceIp, userAgent, origin, subprotocol, rooms, closesAt, closesBy } =
    connection;
  const rows = [
    ['Id', id],
    ['Path', template === path ? path : `${path} (${template})`],
    ['From', [sourceIp, origin, userAgent].filter((part) => part !== '').join(' · ')],
    ['Subprotocol', subprotocol],
    ['Rooms', rooms.join(', ')],
    ['Closed in', `${span(closesAt - now)} (${closesBy}) if the client stays silent`],
  ];
  return rows.filter(([, text]) => text !== '');
}
