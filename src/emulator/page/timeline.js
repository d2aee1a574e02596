import { read } from './api.js';
import { button, cell, find, make, tellEmpty } from './dom.js';
import { count, millis, shortId, timeOfDay } from './format.js';

/** Most rows that the table keeps. */
const MOST = 500;

/** What happened, the newest first. Each look asks only for what came since the last one. */
export function createTimeline({ onChange }) {
  const table = find('timeline-table');
  const body = table.tBodies[0];
  let after = 0;
  let clearedAt = 0;
  let filter = '';

  async function refresh() {
    const asked = filter;
    let page;
    try {
      page = await read('timeline', { after, limit: MOST, filter });
      showProblem('');
    } catch (reason) {
      if (reason.status !== 400) throw reason;
      showProblem(reason.message);
      return;
    }
    if (asked !== filter) return;
    if (page.latest < after) return restart();
    after = page.latest;
    if (page.leftOut > 0) body.replaceChildren();
    const rows = page.entries.map(rowOf).reverse();
    if (page.leftOut > 0) rows.push(leftOutRow(page.leftOut));
    body.prepend(...rows);
    while (body.rows.length > MOST + 1) body.lastElementChild.remove();
    tellEmpty(
      table,
      body.rows.length === 0,
      filter === '' ? 'Nothing has happened yet.' : 'Nothing fits the filter.',
    );
  }

  function rowOf({ at, type, connectionId, status, durationMs, level, ...rest }) {
    return make(
      'tr',
      { className: level },
      cell(timeOfDay(at), 'time'),
      cell(type.toUpperCase(), `type ${type}`),
      cell(
        connectionId === undefined
          ? ''
          : button(shortId(connectionId), () => follow(connectionId), {
              className: 'id',
              title: `only ${connectionId}`,
            }),
      ),
      cell(String(status ?? ''), 'number status'),
      cell(millis(durationMs), 'number'),
      cell(detailsOf(type, rest), 'details'),
    );
  }

  function leftOutRow(number) {
    return make(
      'tr',
      {},
      make('td', { colSpan: 6, className: 'left-out' }, `${count(number)} earlier entries are not shown`),
    );
  }

  /** A gateway that was started anew counts from the beginning. */
  function restart() {
    after = 0;
    body.replaceChildren();
  }

  function setFilter(text) {
    filter = text.trim();
    after = clearedAt;
    body.replaceChildren();
    onChange();
  }

  function follow(id) {
    find('filter').value = `conn:${id}`;
    setFilter(find('filter').value);
  }

  function showProblem(text) {
    find('filter-problem').hidden = text === '';
    find('filter-problem').textContent = text;
  }

  find('filter').addEventListener('input', ({ target }) => setFilter(target.value));
  find('clear').addEventListener('click', () => {
    clearedAt = after;
    body.replaceChildren();
    onChange();
  });

  return { refresh, follow };
}

/** Of a stack trace the first line; the rest unfolds. */
function detailsOf(type, entry) {
  const [first, ...more] = (entry.reason ?? '').split('\n');
  const line = factsOf(type, { ...entry, reason: first === '' ? undefined : first });
  if (more.length === 0) return line;
  return make('details', {}, make('summary', {}, line), more.join('\n'));
}

function factsOf(
  type,
  { instance, coldMs, generation, queue, messages, path, via, bytes, frame, replyBytes = 0, reason, fault },
) {
  const parts = [
    instance === undefined
      ? undefined
      : `#${instance}${coldMs === undefined ? '' : ` cold ${millis(coldMs)} ms`}`,
    generation === undefined ? undefined : `generation ${generation}`,
    type === 'connect' ? path : undefined,
    queue === undefined ? undefined : `${queue}${path === undefined ? '' : ` → ${path}`}`,
    messages === undefined ? undefined : `${count(messages)} ${messages === 1 ? 'message' : 'messages'}`,
    via,
    bytes === undefined ? undefined : `${count(bytes)} B ${frame ?? ''}`.trimEnd(),
    replyBytes === 0 ? undefined : `${type === 'connect' ? 'first message' : 'reply'} ${count(replyBytes)} B`,
    reason,
    fault === undefined ? undefined : `fault: ${fault}`,
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}
