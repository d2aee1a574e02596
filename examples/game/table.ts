import type { Broadcaster } from 'yc-broadcast';
import { FIELDS, SEATS, SIDE, type game, type SeatName } from './contract.js';

/** A table as it is now, read for each message: nothing of it is kept in this process. */
export async function openTable({ state }: Broadcaster<typeof game>, room: string, user = '') {
  const maps = { seats: state(room, 'seats'), fields: state(room, 'fields'), game: state(room, 'game') };
  const [taken, claimed] = await Promise.all([maps.seats.entries(), maps.fields.entries()]);
  const number = (await maps.game.get('number'))?.value ?? 1;
  const board = Array.from({ length: FIELDS }, (_, field) => claimed.get(`${number}.${field}`)?.value);
  const players = [...taken.values()].map(({ value }) => value);
  const isOn = players.length > 1 && players.every(({ isBot, readyFor }) => isBot || readyFor === number);
  const own = SEATS.find((seat) => taken.get(seat)?.value.user === user);
  const bots = SEATS.filter((seat) => taken.get(seat)?.value.isBot);
  return { ...maps, number, board, isOn, own, bots, free: SEATS.filter((seat) => !taken.has(seat)) };
}

/** The free field with most of the bot's own fields beside it; of several, any. */
export function botsChoice(board: readonly ({ seat: SeatName } | undefined)[], bot: SeatName) {
  const near = (at: number) => [-SIDE, -1, 1, SIDE].filter((step) => board[at + step]?.seat === bot).length;
  const free = [...board.keys()].filter((field) => board[field] === undefined);
  const rated = free.map((field) => ({ field, worth: near(field) + Math.random() }));
  return rated.sort((a, b) => b.worth - a.worth)[0]?.field;
}
