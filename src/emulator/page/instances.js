import { ask, read } from './api.js';
import { button, cell, find, make, tellEmpty } from './dom.js';
import { count, megabytes, span } from './format.js';

/** The instances of the functions, each with a memory of its own. */
export function createInstances({ onChange }) {
  const table = find('instance-table');

  async function refresh({ now }) {
    const { instances } = await read('instances');
    table.tBodies[0].replaceChildren(...instances.map((instance) => rowOf(instance, now)));
    find('restart').disabled = instances.length === 0;
    tellEmpty(
      table,
      instances.length === 0,
      'The function runs in the process of the gateway, not in instances.',
    );
  }

  function rowOf({ id, entry, state, generation, startedAt, underWay, served, usedBytes }, now) {
    const calls = underWay === 0 ? count(served) : `${count(served)} + ${count(underWay)}`;
    return make(
      'tr',
      {},
      cell(`#${id}`, 'time'),
      cell(entry, 'rooms'),
      cell(state, `state-${state}`),
      cell(String(generation), 'number'),
      cell(span(now - startedAt), 'number'),
      cell(calls, 'number'),
      cell(usedBytes === undefined ? '' : megabytes(usedBytes), 'number'),
      cell(
        button('Kill', () => act('DELETE', `instances/${id}`), { ariaLabel: `Kill instance ${id}` }),
        'number',
      ),
    );
  }

  function act(method, path) {
    find('instance-outcome').textContent = '';
    ask(method, path)
      .catch(({ message }) => (find('instance-outcome').textContent = message))
      .then(onChange);
  }

  find('restart').addEventListener('click', () => act('POST', 'restart'));
  return { refresh };
}
