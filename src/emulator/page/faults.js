import { ask, read } from './api.js';
import { button, cell, find, make, tellEmpty } from './dom.js';
import { count } from './format.js';

/** What goes wrong on purpose. */
export function createFaults({ onChange }) {
  const table = find('fault-table');
  const outcome = find('fault-outcome');

  async function refresh() {
    const { faults, presets } = await read('faults');
    table.tBodies[0].replaceChildren(...faults.map(rowOf));
    tellEmpty(table, faults.length === 0, 'Nothing goes wrong on purpose.');
    find('fault-clear').disabled = faults.length === 0;
    if (find('presets').childElementCount === 0) find('presets').append(...presets.map(presetOf));
  }

  function rowOf({ id, text, strikes }) {
    const remove = button('Remove', () => act('DELETE', `faults/${id}`), { ariaLabel: `Remove ${text}` });
    return make('tr', {}, cell(text, 'code'), cell(count(strikes), 'number'), cell(remove, 'number'));
  }

  function presetOf({ name, summary, text }) {
    const add = button(name, () => act('POST', 'faults', { preset: name }), { title: text });
    return make('li', {}, add, make('span', { className: 'rooms' }, ` ${summary}`));
  }

  async function act(method, path, body) {
    outcome.textContent = '';
    try {
      await ask(method, path, body);
      if (body?.text !== undefined) find('fault-text').value = '';
    } catch ({ message }) {
      outcome.textContent = message;
    }
    onChange();
  }

  find('fault-add').addEventListener('submit', (event) => {
    event.preventDefault();
    void act('POST', 'faults', { text: find('fault-text').value });
  });
  find('fault-clear').addEventListener('click', () => void act('DELETE', 'faults'));
  return { refresh };
}
