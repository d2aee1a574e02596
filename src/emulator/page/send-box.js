import { ask } from './api.js';
import { find, make } from './dom.js';
import { count } from './format.js';

/** Sends to one connection or many, as the server does or as the client does. */
export function createSendBox({ onSent }) {
  const form = find('send');
  let offered = '';

  async function send() {
    const outcome = find('outcome');
    const order = {
      to: find('send-to').value.trim(),
      data: find('send-data').value,
      frame: find('send-frame').value,
      as: find('send-as').value,
    };
    try {
      const { connections } = await ask('POST', 'send', order);
      const whom = connections === 1 ? '1 connection' : `${count(connections)} connections`;
      outcome.textContent = order.as === 'client' ? `taken from ${whom}` : `put on ${whom}`;
      delete outcome.dataset.bad;
    } catch ({ message }) {
      outcome.textContent = message;
      outcome.dataset.bad = '';
    }
    onSent();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send();
  });

  return {
    aim(target) {
      find('send-to').value = target;
    },
    /** Suggests where to send to. */
    offer(paths, rooms = []) {
      const targets = ['all', ...paths.map((path) => `path:${path}`), ...rooms.map((room) => `room:${room}`)];
      if (targets.join('\n') === offered) return;
      offered = targets.join('\n');
      find('targets').replaceChildren(...targets.map((value) => make('option', { value })));
    },
  };
}
