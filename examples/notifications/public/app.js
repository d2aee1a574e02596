/** What a page does about notifications: lists them, counts what is unread, and says when all was read. */
import { connect } from './yc-broadcast/client.js';

const DIGEST_MS = 8000;

const me = new URLSearchParams(location.search).get('me') ?? 'anna';
const element = (id) => document.getElementById(id);
const shown = new Set();
let unread = 0;

const client = connect({
  url: `${location.origin.replace('http', 'ws')}/ws`,
  // The ticket of a session in real life; here, whoever says a name is that person.
  token: () => me,
});
const inbox = client.join(`inbox:${me}`);

// Each once and in order, also those that came while the connection was lost.
inbox.on('notification', (notification, { id }) => add({ id, ...notification }, 'is-new'));
client.on('badge', (badge) => showUnread(badge.unread));
client.on('digest', showDigest);
client.onState(({ state }) => {
  element('connection').hidden = state !== 'connecting' || shown.size === 0;
});

// After a break: badges are for those who are there, so the number is asked for again.
inbox.onRecovery(load);

// What is older than this page. In the room first: whatever comes in between is in both, and shown once.
await inbox.joined;
await load();

/** Lost on its way, it is asked for again after the break that took it. */
async function load() {
  const answer = await client.request('inbox', {}).catch(() => undefined);
  if (answer === undefined) return;
  for (const notification of answer.kept) add(notification);
  showUnread(answer.unread);
}

function add({ id, title, text, at }, ...classes) {
  if (shown.has(id)) return;
  shown.add(id);
  const card = element('card').content.cloneNode(true).firstElementChild;
  card.classList.add(...classes);
  card.querySelector('h2').textContent = title;
  card.querySelector('p').textContent = text;
  const time = card.querySelector('time');
  time.dateTime = new Date(at).toISOString();
  time.textContent = new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  card.dataset.at = at;
  // The newest stands first, in whatever order they come in.
  const older = [...element('list').children].find((other) => Number(other.dataset.at) <= at);
  element('list').insertBefore(card, older ?? null);
  element('empty').hidden = true;
}

/** The number is the server's: it counts for all devices of this person. */
function showUnread(count) {
  unread = count;
  const badge = element('badge');
  badge.hidden = count === 0;
  badge.textContent = count > 99 ? '99+' : String(count);
  element('unread').textContent = `${count} unread`;
  element('bell').ariaLabel = count === 0 ? 'Mark all as read' : `Mark all as read, ${count} unread`;
  document.title = count === 0 ? 'Notifications' : `(${count}) Notifications`;
  [...element('list').children].forEach((card, index) => card.classList.toggle('is-unread', index < count));
}

function showDigest({ unread: count, newest }) {
  const digest = element('digest');
  digest.textContent = `${count} unread, the newest: ${newest}`;
  digest.hidden = false;
  showUnread(count);
  setTimeout(() => (digest.hidden = true), DIGEST_MS);
}

element('bell').addEventListener('click', () => {
  if (unread > 0) void client.request('seen', {});
});
element('me').value = me;
element('me').addEventListener('change', ({ target }) => (location.search = `?me=${target.value}`));
element('command').textContent =
  `node examples/notifications/publish.js ${me} 'Tea is ready' 'In the kitchen, until it is cold.'`;
