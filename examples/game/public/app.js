/** The game's page. What the table holds comes by itself, whatever happens to the connection; the page only shows it. */
import { createBoard } from './board.js';
import { element, find, svg, symbolOf } from './dom.js';
import { largestPatch, SIDE } from './patches.js';
import { loadKey, loadName, saveName } from './player.js';
import { connect, watchState } from './yc-broadcast/client.js';

/** Said so often, a seat is kept: after a minute of silence it is free. */
const READY_EVERY_MS = 20_000;
const PROBLEMS = {
  RESTING: 'Not so fast: a short rest after each field.',
  TABLE_FULL: 'All eight seats are taken.',
  NOT_ON: 'The game has not begun.',
  INVALID_MESSAGE: 'Choose another name.',
};

const table = tableFromAddress();
const client = connect({
  url: `${location.origin.replace('http', 'ws')}/ws`,
  token: loadKey,
  // Each may be said twice: the second time changes nothing.
  resend: ['sit', 'ready', 'leave', 'claim', 'again'],
});
const room = client.join(table);
const seats = watchState(room, 'seats');
const fields = watchState(room, 'fields');
const games = watchState(room, 'game');
const pending = new Set();
const board = createBoard(find('board'), { onClaim: claim });

for (const map of [seats, fields, games]) map.subscribe(show);
room.onRefused(() => showProblem('There is no table of this name.'));
client.onState(({ state }) => {
  find('connection').hidden = state !== 'connecting' || !seats.getSnapshot().isReady;
});

/** All that is shown, from what the table holds. */
function read() {
  const players = [...seats.getSnapshot().entries]
    .map(([seat, player]) => ({ ...player, seat }))
    .sort((a, b) => a.seat - b.seat);
  const game = games.get('number') ?? 1;
  const claimed = Array.from({ length: SIDE * SIDE }, (_, field) => fields.get(`${game}.${field}`)?.seat);
  const isReady = ({ isBot, readyFor }) => isBot || readyFor === game;
  return {
    game,
    board: claimed,
    own: players.find(({ user }) => user === client.user),
    isOn: players.length > 1 && players.every(isReady),
    isOver: !claimed.includes(undefined),
    players: players.map((player) => ({
      ...player,
      isReady: isReady(player),
      patch: largestPatch(claimed, player.seat),
    })),
  };
}

function show() {
  if (!seats.getSnapshot().isReady) return;
  const { players, own, board: claimed, isOn, isOver } = read();
  for (const field of pending) if (claimed[field] !== undefined) pending.delete(field);
  const nameOf = (seat) => players.find((player) => player.seat === seat)?.name ?? 'somebody who left';
  board.show(claimed, { isOn: isOn && own !== undefined && !isOver, pending, nameOf });
  const best = Math.max(1, ...players.map(({ patch }) => patch));
  find('players').replaceChildren(...players.map((player) => row(player, { best, own, isOn, isOver })));
  find('nobody').hidden = players.length > 0;
  setText(find('status'), statusOf(read()));
  find('sit').hidden = own !== undefined || players.length === 8;
  find('actions').hidden = own === undefined;
  find('bot').hidden = isOn || players.length === 8;
  const main = find('main');
  main.hidden = isOn && !isOver;
  setText(main, isOver ? 'Play again' : own?.readyFor === read().game ? 'Not yet ready' : 'I am ready');
  main.classList.toggle('primary', isOver || main.textContent === 'I am ready');
}

function statusOf({ players, own, isOn, isOver, game }) {
  if (isOver) return verdictOn(players, own);
  if (isOn) return own === undefined ? 'A game is on. Take a seat to join in.' : 'Claim free fields!';
  if (own === undefined) return 'Take a seat to play.';
  if (players.length < 2) return 'Add a bot, or open this page in a second tab.';
  if (own.readyFor !== game) return 'Say when you are ready.';
  const late = players.filter(({ isReady }) => !isReady).map(({ name }) => name);
  return `Waiting for ${late.join(', ')}.`;
}

function verdictOn(players, own) {
  const best = Math.max(0, ...players.map(({ patch }) => patch));
  const winners = players.filter(({ patch }) => patch === best);
  if (winners.length !== 1) return `A draw, with patches of ${best}.`;
  return `${winners[0].seat === own?.seat ? 'You win' : `${winners[0].name} wins`}, with a patch of ${best}.`;
}

function row(player, { best, own, isOn, isOver }) {
  const isOwn = player.seat === own?.seat;
  const item = element('li', { className: isOwn ? 'is-own' : '' }, symbolOf(player.seat));
  item.dataset.seat = player.seat;
  item.append(
    element('span', { className: 'name' }, player.name, ...(isOwn ? [element('small', {}, ' you')] : [])),
  );
  if (!isOn && !isOver) item.append(readiness(player));
  else {
    item.classList.toggle('is-ahead', player.patch === best);
    item.append(element('span', { className: 'patch', title: 'Largest patch' }, String(player.patch)));
  }
  if (player.isBot && own !== undefined && !isOn) {
    const button = element(
      'button',
      { type: 'button', className: 'remove', ariaLabel: `Remove ${player.name}` },
      '×',
    );
    button.addEventListener('click', () => ask('leave', { seat: player.seat }));
    item.append(button);
  }
  return item;
}

function readiness({ isReady }) {
  return isReady
    ? element('span', { className: 'ready', title: 'Ready' }, svg('check'), hidden('ready'))
    : element('span', { className: 'waiting' }, 'not yet');
}

const hidden = (text) => element('span', { className: 'visually-hidden' }, text);

async function claim(field) {
  const { own, isOn, isOver, board: claimed } = read();
  if (own === undefined || !isOn || isOver || claimed[field] !== undefined || pending.has(field)) return;
  pending.add(field);
  show();
  await ask('claim', { field });
  pending.delete(field);
  show();
}

/** Says something about this table. Shows what became of it only when it failed: the rest is in the state. */
async function ask(type, data) {
  showProblem('');
  try {
    await client.request(type, { room: table, ...data });
  } catch ({ code }) {
    showProblem(PROBLEMS[code] ?? 'That did not work. Try again.');
  }
}

function showProblem(text) {
  setText(find('problem'), text);
  find('problem').hidden = text === '';
}

/** What has not changed is not read out again. */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function tableFromAddress() {
  const name = decodeURIComponent(location.hash.slice(1));
  return name === '' ? 'lobby' : name;
}

find('table').textContent = `Table ${table}`;
find('name').value = loadName();
find('sit').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = find('name').value.trim();
  saveName(name);
  void ask('sit', { name });
});
find('main').addEventListener('click', () => {
  const { game, own, isOver } = read();
  if (isOver) void ask('again', { game });
  else void ask('ready', { game: own?.readyFor === game ? 0 : game });
});
find('bot').addEventListener('click', () => {
  const bots = read().players.filter(({ isBot }) => isBot).length;
  void ask('sit', { name: bots === 0 ? 'Bot' : `Bot ${bots + 1}`, isBot: true });
});
find('leave').addEventListener('click', () => ask('leave', { seat: read().own?.seat }));
window.addEventListener('hashchange', () => location.reload());
setInterval(() => {
  const { own } = read();
  if (own !== undefined) client.request('ready', { room: table, game: own.readyFor }).catch(() => undefined);
}, READY_EVERY_MS);
