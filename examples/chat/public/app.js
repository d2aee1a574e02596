import { avatar, find } from './dom.js';
import { createLog } from './log.js';
import { createRoomList, renderPeople } from './panel.js';
import { loadPerson, MAX_NAME, recall, remember, savePerson, suggestedName } from './person.js';
import { createSession, newId } from './session.js';
import { text, translatePage } from './text.js';

const HOME = 'lobby';
const STARTERS = [HOME, 'ideas', 'off-topic'];
const ROOM = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,31}$/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
const MOST_ENTRIES = 500;
const MOST_TEXT = 2000;
/** Who comes back so soon has reloaded the page, or changed networks: nothing that others need to read about. */
const BACK_SOON_MS = 15_000;
/** Shorter interruptions are nobody's business. */
const BANNER_AFTER_MS = 1000;

const rooms = new Map();
let active;
/** The public id that the server gave this person; known after its welcome. */
let me;
let person = loadPerson();

const log = createLog({ onRetry: retry });
const renderRoomList = createRoomList({ home: HOME, onLeave: leaveRoom });
const session = createSession({
  types: ['welcome', 'here'],
  address,
  protocols,
  onMessage,
  onLost,
  onTrying,
});

// ── rooms ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function openRoom(name) {
  if (!rooms.has(name)) {
    rooms.set(name, {
      name,
      entries: [],
      unread: 0,
      draft: '',
      joined: false,
      stream: undefined,
      here: undefined,
    });
    remember('sessionStorage', 'chat.rooms', [...rooms.keys()]);
    void joinRoom(rooms.get(name));
  }
  return rooms.get(name);
}

async function joinRoom(room) {
  try {
    room.stream ??= follow(room);
    await room.stream.joined;
    takeHere(await session.request('join', { room: room.name }));
  } catch (error) {
    // The next welcome joins all rooms again.
    if (session.isLost(error)) return;
    room.stream = undefined;
    addNote(room, error.code === 'FORBIDDEN' ? text.roomLimit : text.refusedRoom);
    return;
  }
  room.joined = true;
  for (const entry of room.entries) if (entry.state === 'waiting') void deliver(entry);
}

/** What was said last, and whatever is said from then on: each message once and in order. */
function follow(room) {
  return session.join(room.name, {
    type: 'said',
    onSaid: (said, { id, offset }) => takeSaid(room, said, id, offset),
    // The last messages of the room follow.
    onGap: () => addNote(room, text.gap),
  });
}

function leaveRoom(name) {
  rooms.get(name)?.stream?.leave();
  rooms.delete(name);
  remember('sessionStorage', 'chat.rooms', [...rooms.keys()]);
  session.request('leave', { room: name }).catch(() => undefined);
  if (active?.name === name) location.hash = HOME;
  else renderSide();
}

function showRoom(name) {
  if (active !== undefined) active.draft = composer.message.value;
  active = openRoom(name);
  markRead(active);
  find('room-title').textContent = `#${name}`;
  log.show(active);
  composer.message.value = active.draft;
  fitComposer();
  renderSide();
  const panel = find('panel');
  if (panel.matches(':popover-open')) panel.hidePopover();
}

function roomInAddress() {
  try {
    return asRoom(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return undefined;
  }
}

function asRoom(typed) {
  const name = typed.trim().replace(/^#/, '').replace(/\s+/g, '-').toLowerCase();
  return ROOM.test(name) ? name : undefined;
}

function followAddress() {
  const name = roomInAddress();
  if (name === undefined) history.replaceState(null, '', `#${HOME}`);
  showRoom(name ?? HOME);
}

// ── what is shown of them ──────────────────────────────────────────────────────────────────────────────────────────

function renderSide() {
  renderRoomList([...new Set([...STARTERS, ...rooms.keys()])], rooms, active?.name);
  renderPeople(active?.here, me);
  const unread = [...rooms.values()].reduce((sum, room) => sum + room.unread, 0);
  find('elsewhere').hidden = unread === 0;
  document.title = `${unread > 0 ? `(${unread}) ` : ''}#${active?.name ?? ''} · ${text.title}`;
}

function addEntry(room, entry) {
  const previous = room.entries.at(-1);
  room.entries.push(entry);
  if (room === active) log.append(entry, previous);
  if (room.entries.length <= MOST_ENTRIES) return;
  removeEntry(room, room.entries[0]);
}

function removeEntry(room, entry) {
  room.entries.splice(room.entries.indexOf(entry), 1);
  if (room === active) log.remove(entry);
}

function addNote(room, words, about = {}) {
  addEntry(room, { kind: 'note', text: words, at: Date.now(), ...about });
}

function isInSight(room) {
  return room === active && !document.hidden;
}

function markRead(room) {
  room.unread = 0;
}

/** Counts a message that nobody is looking at, and draws a line above the first one. */
function markUnread(room) {
  if (room.unread++ > 0) return;
  forgetLine(room);
  addEntry(room, { kind: 'line', text: text.unreadFrom, at: Date.now() });
}

function forgetLine(room) {
  const line = room.entries.find(({ kind }) => kind === 'line');
  if (line !== undefined) removeEntry(room, line);
}

// ── what the server says ───────────────────────────────────────────────────────────────────────────────────────────

function onMessage(type, data) {
  if (type === 'welcome') welcomed(data);
  else if (type === 'here') takeHere(data);
}

function welcomed({ user }) {
  me = user;
  takeName(person);
  showBanner(undefined);
  for (const room of rooms.values()) void joinRoom(room);
}

function takeSaid(room, said, id, offset) {
  const { from, text: words, at } = said;
  const entry = { kind: 'message', id, offset, from, own: from.user === me, text: words, at };
  const mine = entry.own && room.entries.find(({ ref }) => ref !== undefined && ref === said.ref);
  if (mine) return takeEcho(room, mine, id, offset);
  // What was said before this page came is not news.
  if (room.joined && !entry.own && !isInSight(room)) markUnread(room);
  addEntry(room, entry);
  renderSide();
}

/** A message of this page, as everybody gets it: it takes the place that it has for everybody. */
function takeEcho(room, entry, id, offset) {
  Object.assign(entry, { id, offset });
  if (entry.state === 'waiting' || entry.state === 'failed') entry.state = 'delivered';
  if (entry === room.entries.at(-1)) return setState(entry, entry.state);
  removeEntry(room, entry);
  addEntry(room, entry);
}

/** Lists can overtake each other: `at` tells which one is newer. Who came and who left is the difference. */
function takeHere(here) {
  const room = rooms.get(here.room);
  const before = room?.here;
  if (room === undefined || before?.at > here.at) return;
  room.here = here;
  if (before?.people !== undefined && here.people !== undefined)
    noteChanges(room, before.people, here.people);
  const mine = here.people?.find(({ user }) => user === me);
  if (mine !== undefined && mine.name !== person.name) takeName(savePerson(mine.name));
  if (room === active) renderSide();
}

function noteChanges(room, before, now) {
  const byUser = (people) =>
    new Map(people.filter(({ user }) => user !== me).map((one) => [one.user, one.name]));
  const [was, is] = [byUser(before), byUser(now)];
  for (const [user, name] of is) {
    const old = was.get(user);
    if (old === undefined) noteArrival(room, user, name);
    else if (old !== name) addNote(room, text.renamed(name, old));
  }
  for (const [user, name] of was) if (!is.has(user)) addNote(room, text.left(name), { left: user });
}

function noteArrival(room, user, name) {
  const gone = room.entries.findLast((entry) => entry.left === user);
  if (gone !== undefined && Date.now() - gone.at < BACK_SOON_MS) removeEntry(room, gone);
  else addNote(room, text.joined(name));
}

// ── what this person says ──────────────────────────────────────────────────────────────────────────────────────────

const composer = { form: find('composer'), message: find('message'), send: find('send') };
const isTouch = matchMedia('(pointer: coarse)');

function say(words) {
  const from = { user: me ?? '', name: person.name };
  const entry = { kind: 'message', ref: newId(), room: active, from, own: true, text: words, at: Date.now() };
  entry.state = 'waiting';
  forgetLine(active);
  addEntry(active, entry);
  void deliver(entry);
}

/** The server's answer is the delivery report. What could not go out waits until the room is joined again. */
async function deliver(entry) {
  if (!entry.room.joined) return setState(entry, 'waiting');
  setState(entry, 'sending');
  try {
    entry.report = await session.request('say', { room: entry.room.name, text: entry.text }, entry.ref);
    setState(entry, 'delivered');
  } catch (error) {
    // The message came back, its report did not.
    if (entry.offset !== undefined) setState(entry, 'delivered');
    else setState(entry, session.isLost(error) && !entry.room.joined ? 'waiting' : 'failed');
  }
}

function retry(entry) {
  void deliver(entry);
  composer.message.focus();
}

function setState(entry, state) {
  entry.state = state;
  if (entry.room === active) log.update(entry);
}

function fitComposer() {
  const { message, send } = composer;
  message.style.height = 'auto';
  message.style.height = `${message.scrollHeight}px`;
  send.disabled = !VISIBLE.test(message.value);
}

composer.message.addEventListener('input', fitComposer);
composer.message.addEventListener('keydown', (event) => {
  // On a phone the return key starts a new line, as in every messenger; the button sends.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || isTouch.matches) return;
  event.preventDefault();
  composer.form.requestSubmit();
});
composer.form.addEventListener('submit', (event) => {
  event.preventDefault();
  const words = composer.message.value.trim().slice(0, MOST_TEXT);
  if (!VISIBLE.test(words)) return;
  say(words);
  composer.message.value = '';
  fitComposer();
  composer.message.focus();
});

// ── the connection ─────────────────────────────────────────────────────────────────────────────────────────────────

let bannerTimer;

function address() {
  const query = new URLSearchParams({ name: person.name });
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws?${query}`;
}

/** The key is no part of the address: those end up in logs. */
function protocols() {
  return ['chat', `key.${person.key}`];
}

function onTrying() {
  find('try-now').disabled = true;
}

function onLost() {
  for (const room of rooms.values()) room.joined = false;
  find('try-now').disabled = false;
  bannerTimer ??= setTimeout(() => showBanner(text.lost), BANNER_AFTER_MS);
}

function showBanner(words) {
  if (words === undefined) {
    clearTimeout(bannerTimer);
    bannerTimer = undefined;
  }
  find('banner').textContent = words ?? '';
  find('try-now').hidden = words === undefined;
  document.body.classList.toggle('offline', words !== undefined);
}

find('try-now').addEventListener('click', () => session.tryNow());

// ── the name ───────────────────────────────────────────────────────────────────────────────────────────────────────

const welcome = find('welcome');

function askName() {
  find('name').value = person?.name ?? suggestedName();
  find('cancel-name').hidden = person === undefined;
  find('name-hint').hidden = person !== undefined;
  find('save-name').textContent = person === undefined ? text.enter : text.save;
  find('welcome-title').textContent = person === undefined ? text.welcome : text.changeName;
  welcome.showModal();
  find('name').select();
}

function takeName(known) {
  person = known;
  find('me').hidden = false;
  find('my-name').textContent = person.name;
  find('my-avatar').replaceChildren(avatar({ user: me ?? '', name: person.name }));
}

welcome.addEventListener('cancel', (event) => person === undefined && event.preventDefault());
welcome.addEventListener('submit', (event) => {
  const name = find('name').value.trim().slice(0, MAX_NAME);
  if (!VISIBLE.test(name)) return event.preventDefault();
  const isNew = person === undefined;
  takeName(savePerson(name));
  if (isNew) session.connect();
  // A connection that breaks here is followed by one whose address has the new name.
  else session.request('rename', { name }).catch(() => undefined);
});
welcome.addEventListener('close', () => isTouch.matches || composer.message.focus());
find('cancel-name').addEventListener('click', () => welcome.close());
find('change-name').addEventListener('click', askName);

// ── the rest of the page ───────────────────────────────────────────────────────────────────────────────────────────

find('open-room').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = find('room-name');
  const name = asRoom(input.value);
  input.setCustomValidity(name === undefined ? text.badRoom : '');
  if (!input.reportValidity()) return;
  input.value = '';
  location.hash = name;
});
find('room-name').addEventListener('input', ({ target }) => target.setCustomValidity(''));

// Pages without TLS have no clipboard.
find('copy-link').hidden = navigator.clipboard === undefined;
find('copy-link').addEventListener('click', async () => {
  await navigator.clipboard.writeText(location.href);
  showCopied(true);
  setTimeout(showCopied, 2000, false);
});

function showCopied(isCopied) {
  find('copy-text').textContent = isCopied ? text.copied : text.copyLink;
  find('copy-link')
    .querySelector('use')
    .setAttribute('href', isCopied ? '#i-check' : '#i-link');
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden || active === undefined) return;
  markRead(active);
  renderSide();
});
window.addEventListener('hashchange', followAddress);

translatePage();
for (const name of recall('sessionStorage', 'chat.rooms') ?? []) openRoom(name);
followAddress();
if (person === undefined) askName();
else {
  takeName(person);
  session.connect();
}
