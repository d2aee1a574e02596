import { read } from './api.js';
import { button, cell, find, make, tellEmpty } from './dom.js';
import { count, millis, timeOfDay } from './format.js';

/** Broadcasts: what was reported, what the sockets got, and whether the two agree. */
export function createBroadcasts({ onChange }) {
  const table = find('broadcast-table');
  let chosen;

  async function refresh() {
    const { broadcasts } = await read('broadcasts');
    table.tBodies[0].replaceChildren(...broadcasts.flatMap(rowsOf));
    tellEmpty(table, broadcasts.length === 0, 'No broadcasts yet.');
  }

  function rowsOf(broadcast) {
    const { id, audience, startedAt, report, seen } = broadcast;
    const open = id === chosen;
    const toggle = () => {
      chosen = open ? undefined : id;
      onChange();
    };
    const name = button(audience ?? '…', toggle, { className: 'id', title: id });
    name.setAttribute('aria-expanded', String(open));
    const number = (value, quiet) =>
      cell(value === undefined || (quiet && value === 0) ? '' : count(value), 'number');
    const row = make(
      'tr',
      { className: open ? 'chosen' : '' },
      cell(timeOfDay(startedAt), 'time'),
      cell(name),
      number(report?.recipients),
      number(report?.delivered),
      number(report?.stale, true),
      number(report?.failed, true),
      make(
        'td',
        { className: `number ${verdictOf(broadcast).level}` },
        make('span', { className: 'status' }, count(seen.sockets)),
      ),
    );
    return open
      ? [row, make('tr', { className: 'more' }, make('td', { colSpan: 7 }, detailsOf(broadcast)))]
      : [row];
  }

  return { refresh };
}

/** Whether the report and the sockets say the same. */
function verdictOf({ report, seen }) {
  if (report === undefined)
    return { level: '', text: 'It is still running, or the library is in another process.' };
  const missing = report.delivered - seen.sockets;
  const twice = seen.twice === 0 ? '' : ` ${count(seen.twice)} got it more than once.`;
  if (seen.sends === 0 && report.attempts > 0)
    return {
      level: 'warning',
      text: 'Its sends did not say which broadcast they belong to, so there is nothing to compare.',
    };
  if (missing > 0)
    return {
      level: 'error',
      text: `${count(missing)} reported as delivered were not written to a socket.${twice}`,
    };
  if (missing < 0)
    return { level: 'warning', text: `${count(-missing)} got it and are reported as not delivered.${twice}` };
  return { level: twice === '' ? 'info' : 'warning', text: `The report and the sockets agree.${twice}` };
}

function detailsOf(broadcast) {
  const { report, seen } = broadcast;
  const { level, text } = verdictOf(broadcast);
  const verdict = make('p', { className: level }, make('span', { className: 'status' }, text));
  if (report === undefined) return verdict;
  const { latencyMs: latency, durationMs, skipped, attempts, retries, stoppedBy } = report;
  const facts = [
    `${count(durationMs)} ms, p50 ${millis(latency.p50)} ms, p95 ${millis(latency.p95)} ms, p99 ${millis(latency.p99)} ms`,
    `${count(attempts)} attempts, ${count(retries)} of them retries; the gateway saw ${count(seen.sends)} sends, ${count(seen.unknown)} to unknown connections, ${count(seen.refused)} refused`,
    ...(skipped === 0 ? [] : [`${count(skipped)} skipped: stopped by ${stoppedBy}`]),
  ];
  return make('div', {}, verdict, ...facts.map((fact) => make('p', {}, fact)), histogramOf(latency));
}

/** Most bars; a report may have more buckets. */
const BARS = 12;

function histogramOf({ histogram }) {
  const bars = mergedTo(BARS, histogram);
  const most = Math.max(...bars.map((bar) => bar.count));
  return make(
    'div',
    { className: 'histogram', role: 'img', ariaLabel: `Latency: ${bars.map(describe).join(', ')}` },
    ...bars.flatMap((bar) => [
      make('span', { className: 'number' }, `≤ ${millis(bar.upToMs)} ms`),
      make('meter', { max: most, value: bar.count }),
      make('span', {}, count(bar.count)),
    ]),
  );
}

const describe = (bar) => `${count(bar.count)} within ${millis(bar.upToMs)} ms`;

/** Neighbours are put together until there are few enough. */
function mergedTo(limit, buckets) {
  const size = Math.ceil(buckets.length / limit) || 1;
  return Array.from({ length: Math.ceil(buckets.length / size) }, (_, index) => {
    const part = buckets.slice(index * size, (index + 1) * size);
    return { upToMs: part.at(-1).upToMs, count: part.reduce((sum, bucket) => sum + bucket.count, 0) };
  });
}
