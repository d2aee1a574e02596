/** The messages of the room that is open: groups, days, receipts, and staying at the newest one. */
import { avatar, element, find, icon, tint, withLinks } from './dom.js';
import { dayOf, text, timeOf } from './text.js';

const GROUP_MS = 5 * 60_000;
const NEAR_BOTTOM_PX = 60;

export function createLog({ onRetry }) {
  const [list, scroller, jump, empty] = ['log', 'scroller', 'jump', 'empty'].map(find);
  let nodes = new Map();
  let isStuck = true;

  function toBottom() {
    scroller.scrollTop = scroller.scrollHeight;
  }

  /** Shows another room. Screen readers hear what is new, not what was said before. */
  function show(room) {
    list.setAttribute('aria-live', 'off');
    list.replaceChildren();
    nodes = new Map();
    room.entries.forEach((entry, index) => place(entry, room.entries[index - 1]));
    find('empty-title').textContent = text.emptyTitle(`#${room.name}`);
    settle();
    isStuck = true;
    jump.hidden = true;
    toBottom();
    requestAnimationFrame(() => list.setAttribute('aria-live', 'polite'));
  }

  function append(entry, previous) {
    place(entry, previous).classList.add('new');
    settle();
    if (isStuck || entry.own) toBottom();
    else if (entry.kind === 'message') jump.hidden = false;
  }

  function place(entry, previous) {
    if (previous === undefined ? false : dayOf(previous.at) !== dayOf(entry.at)) {
      list.append(element('li', { className: 'day' }, dayOf(entry.at)));
    }
    const node = element('li', { className: entry.kind });
    nodes.set(entry, node);
    list.append(node);
    if (entry.kind === 'message') fillMessage(node, entry, continues(entry, previous));
    else node.append(element('span', { dir: 'auto' }, entry.text));
    return node;
  }

  function update(entry) {
    nodes.get(entry)?.querySelector('.receipt')?.replaceWith(receiptOf(entry, onRetry));
  }

  function remove(entry) {
    nodes.get(entry)?.remove();
    nodes.delete(entry);
    settle();
  }

  function fillMessage(node, entry, isContinued) {
    node.classList.toggle('own', entry.own);
    node.classList.toggle('continued', isContinued);
    tint(node, entry.from.user);
    const bubble = element(
      'p',
      { className: 'bubble', dir: 'auto', title: timeOf(entry.at) },
      ...withLinks(entry.text),
    );
    node.append(headOf(entry, isContinued), bubble);
    if (!entry.own) node.append(avatar(entry.from));
    else if (entry.state) node.append(receiptOf(entry, onRetry));
  }

  function settle() {
    empty.hidden = [...nodes.keys()].some(({ kind }) => kind === 'message');
  }

  scroller.addEventListener('scroll', () => {
    isStuck = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM_PX;
    if (isStuck) jump.hidden = true;
  });
  // The keyboard of a phone takes half of the height: what was in sight stays in sight.
  new window.ResizeObserver(() => isStuck && toBottom()).observe(scroller);
  jump.addEventListener('click', () => {
    toBottom();
    find('message').focus();
  });

  return { show, append, update, remove };
}

/** Several messages of one person within a few minutes are one group. */
function continues(entry, previous) {
  return (
    previous?.kind === 'message' &&
    previous.from.user === entry.from.user &&
    entry.at - previous.at < GROUP_MS &&
    dayOf(previous.at) === dayOf(entry.at)
  );
}

/** Who and when. Where a group goes on it is for screen readers only, which read message by message. */
function headOf({ own, from, at }, isContinued) {
  const who = element('span', { className: 'name', dir: 'auto' }, own ? text.you : from.name);
  const when = element('time', { dateTime: new Date(at).toISOString() }, timeOf(at));
  return element('div', { className: own || isContinued ? 'head unseen' : 'head' }, who, ' ', when);
}

const ICONS = { waiting: 'clock', sending: 'clock', delivered: 'check', failed: 'alert' };

function receiptOf(entry, onRetry) {
  const { state, at } = entry;
  const receipt = element(
    'div',
    { className: 'receipt' },
    element('span', { 'aria-hidden': 'true' }, timeOf(at)),
  );
  receipt.dataset.state = state;
  receipt.append(icon(ICONS[state]), element('span', { className: 'receipt-text' }, receiptText(entry)));
  if (state === 'delivered') receipt.title = text.receipt;
  if (state === 'failed') {
    receipt.append(
      element('button', { type: 'button', className: 'link', onclick: () => onRetry(entry) }, text.retry),
    );
  }
  return receipt;
}

function receiptText({ state, report }) {
  if (state !== 'delivered') return text[state];
  if (report === undefined) return text.sent;
  if (report.recipients === 0) return text.nobody;
  const delivered = text.delivered(report.delivered, report.recipients);
  return report.stale > 0 ? `${delivered} · ${text.gone(report.stale)}` : delivered;
}
