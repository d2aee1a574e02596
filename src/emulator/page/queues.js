import { read } from './api.js';
import { cell, find, make, tellEmpty } from './dom.js';
import { count } from './format.js';

/** Queues, how much is in them, and who reads them. */
export function createQueues() {
  const table = find('queue-table');

  async function refresh() {
    const { queues } = await read('queues');
    table.tBodies[0].replaceChildren(...queues.map(rowOf));
    tellEmpty(table, queues.length === 0, 'No queues. `dev --queue jobs` makes one that the function reads.');
  }

  function rowOf({ name, trigger, visible, inFlight, delayed }) {
    const numbers = [visible, inFlight, delayed].map((number) => cell(count(number), 'number'));
    return make('tr', {}, cell(name, 'id'), ...numbers, cell(trigger ?? 'nobody'));
  }

  return { refresh };
}
