import { createHash } from 'node:crypto';
import { ClientFacingError, createApp, type App, type AppOptions } from 'yc-broadcast';
import { roomState } from 'yc-broadcast/state';
import { BOARD_MS, game, REST_MS, tableName, type SeatName } from './contract.js';
import { botsChoice, openTable } from './table.js';

export function createGame({ now = Date.now, ...parts }: AppOptions<typeof game>): App<typeof game> {
  const app = createApp({
    ...parts,
    now,
    contract: game,
    // Pages read all that the table holds; what changes it is one of the messages below.
    rooms: { join: (room) => tableName.safeParse(room).success, state: roomState() },
    // No accounts: who holds the key is the player. The others see its hash.
    authenticate: ({ query: { token = '' } }) =>
      token.length < 16 ? undefined : { user: createHash('sha256').update(token).digest('base64url') },
  });

  app.on('sit', async ({ data: { room, name, isBot }, connection: { user = '' }, broadcaster }) => {
    const { seats, free, isOn, number, own } = await openTable(broadcaster, room, user);
    if (own !== undefined && !isBot) return { seat: own };
    const player = { user: isBot ? 'bot' : user, name, isBot, readyFor: isOn ? number : 0 };
    const ttlMs = isBot ? { ttlMs: BOARD_MS } : {};
    // Two may reach for one seat: the store gives it to one of them, and the other takes the next.
    for (const seat of free)
      if ((await seats.set(seat, player, { ifNew: true, ...ttlMs })).changed) return { seat };
    throw new ClientFacingError('TABLE_FULL', 'all seats are taken');
  });

  app.on('ready', async ({ data: { room, game: readyFor }, connection: { user }, broadcaster }) => {
    const { seats, own } = await openTable(broadcaster, room, user);
    if (own !== undefined) await seats.update(own, (player) => player && { ...player, readyFor });
  });

  app.on('leave', async ({ data: { room, seat }, connection: { user }, broadcaster }) => {
    const { seats, bots, own } = await openTable(broadcaster, room, user);
    if ([own, ...bots].includes(seat)) await seats.delete(seat);
  });

  app.on('claim', async ({ data: { room, field }, connection: { user }, broadcaster }) => {
    const { fields, number, board, isOn, bots, own } = await openTable(broadcaster, room, user);
    if (own === undefined || !isOn)
      throw new ClientFacingError('NOT_ON', 'take a seat, and wait for the others');
    const before = board.flatMap((claimed) => (claimed?.seat === own ? [claimed.at] : []));
    if (now() - Math.max(0, ...before) < REST_MS) throw new ClientFacingError('RESTING', 'not so fast');
    // Of two who reach for one field, the store gives it to one.
    const claim = async (seat: SeatName, index: number) =>
      (board[index] = (await fields.set(`${number}.${index}`, { seat, at: now() }, { ifNew: true })).value);
    const claimed = await claim(own, field);
    // Bots are as fast as the fastest player, whose claim they answer.
    for (const bot of bots.filter((one) => board.filter((of) => of?.seat === one).length <= before.length)) {
      const choice = botsChoice(board, bot);
      if (choice !== undefined) await claim(bot, choice);
    }
    return { seat: claimed?.seat ?? own };
  });

  app.on('again', async ({ data: { room, game: before }, connection: { user }, broadcaster }) => {
    const { game, isOn, board, own } = await openTable(broadcaster, room, user);
    // Whoever is second, or asks once more, changes nothing: the next game is on already.
    if (own !== undefined && !(isOn && board.includes(undefined)))
      await game.update('number', (number = 1) => (number === before ? number + 1 : undefined));
  });

  return app;
}
