/** The game's rules, and the races that its store decides. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { createTestKit, type TestConnection, type TestKit } from 'yc-broadcast/testing';
import type { Broadcaster } from 'yc-broadcast';
import { createGame } from '../../examples/game/app.js';
import { FIELDS, REST_MS, type game } from '../../examples/game/contract.js';

type Player = TestConnection<typeof game>;

const room = 'home';
let kit: TestKit<typeof game>;
let inspect: Broadcaster<typeof game>;

beforeEach(() => {
  kit = createTestKit(({ transport, now }) => {
    const app = createGame({
      store: memoryStore({ now }),
      transport,
      now,
      origins: ['https://game.example'],
    });
    inspect = app.broadcaster;
    return app;
  });
});

async function enter(name: string): Promise<Player> {
  const player = await kit.connect('/ws', { query: { token: `the whole secret of ${name}` } });
  await player.join(room);
  return player;
}

async function sit(player: Player, name: string, isBot = false): Promise<string> {
  await player.push('sit', { room, name, isBot });
  return (await player.expectReply('sit')).seat;
}

const ready = (player: Player, number = 1) => player.push('ready', { room, game: number });

/** A table with people who are ready. */
async function begin(...names: string[]): Promise<Player[]> {
  const players = await Promise.all(names.map(enter));
  for (const [index, player] of players.entries()) await sit(player, names[index] ?? '');
  for (const player of players) await ready(player);
  return players;
}

async function claim(player: Player, field: number): Promise<string> {
  await kit.clock.advance(REST_MS);
  await player.push('claim', { room, field });
  return (await player.expectReply('claim')).seat;
}

const seats = async () =>
  (await inspect.state(room, 'seats').entries()) as ReadonlyMap<string, { value: object }>;
const fields = async () => inspect.state(room, 'fields').entries();

describe('a seat', () => {
  it('is taken by one of eight who reach for it, and the others take the next ones', async () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I'];
    const players = await Promise.all(names.map(enter));
    await Promise.all(
      players.slice(0, 8).map((player) => player.push('sit', { room, name: 'N', isBot: false })),
    );
    const taken = await Promise.all(
      players.slice(0, 8).map(async (player) => (await player.expectReply('sit')).seat),
    );
    expect(taken.sort()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    await players[8]?.push('sit', { room, name: 'I', isBot: false });
    await players[8]?.expectError('TABLE_FULL');
  });

  it('is the same for who sits down again, free when left, and free a minute after the last sign', async () => {
    const [anna, boris] = [await enter('Anna'), await enter('Boris')];
    expect([await sit(anna, 'Anna'), await sit(anna, 'Anna'), await sit(boris, 'Boris')]).toEqual([
      '1',
      '1',
      '2',
    ]);
    await anna.push('leave', { room, seat: '2' });
    expect((await seats()).size).toBe(2);
    await anna.push('leave', { room, seat: '1' });
    expect([...(await seats()).keys()]).toEqual(['2']);
    await sit(anna, 'Anna');
    await kit.clock.advance('40s');
    await ready(boris, 0);
    await kit.clock.advance('40s');
    expect([...(await seats()).keys()]).toEqual(['2']);
  });

  it('needs a name that can be seen, and a key that cannot be guessed', async () => {
    const anna = await enter('Anna');
    await anna.push('sit', { room, name: '\u200b', isBot: false });
    await anna.expectError('INVALID_MESSAGE');
    await kit.expectRefused(401, '/ws', { query: { token: 'anna' } });
  });
});

describe('a field', () => {
  it('belongs to one of those who reach for it at the same time', async () => {
    const players = await begin('Anna', 'Boris', 'Clara');
    await Promise.all(players.map((player) => player.push('claim', { room, field: 7 })));
    const winners = await Promise.all(
      players.map(async (player) => (await player.expectReply('claim')).seat),
    );
    expect(new Set(winners).size).toBe(1);
    expect((await fields()).get('1.7')?.value.seat).toBe(winners[0]);
  });

  it('stays with who has it, and costs its winner a short rest', async () => {
    const [anna, boris] = (await begin('Anna', 'Boris')) as [Player, Player];
    expect(await claim(anna, 3)).toBe('1');
    expect(await claim(boris, 3)).toBe('1');
    await claim(anna, 4);
    await anna.push('claim', { room, field: 5 });
    await anna.expectError('RESTING');
    expect([...(await fields()).keys()]).toEqual(['1.3', '1.4']);
  });

  it('can be had when two have a seat and all are ready, not before', async () => {
    const anna = await enter('Anna');
    const refused = async () => {
      await anna.push('claim', { room, field: 0 });
      await anna.expectError('NOT_ON');
    };
    await refused();
    await sit(anna, 'Anna');
    await ready(anna);
    await refused();
    const boris = await enter('Boris');
    await sit(boris, 'Boris');
    await refused();
    await ready(boris);
    expect(await claim(anna, 0)).toBe('1');
    const clara = await enter('Clara');
    await sit(clara, 'Clara');
    expect(await claim(clara, 1)).toBe('3');
  });
});

describe('a bot', () => {
  it('fills a seat, is always ready, and answers each claim beside its own fields', async () => {
    const anna = await enter('Anna');
    await sit(anna, 'Anna');
    expect(await sit(anna, 'Bot', true)).toBe('2');
    await ready(anna);
    for (const field of [0, 5, 30]) await claim(anna, field);
    const ofBot = [...(await fields())].flatMap(([key, { value }]) =>
      value.seat === '2' ? [Number(key.slice(2))] : [],
    );
    expect(ofBot).toHaveLength(3);
    for (const field of ofBot) expect(ofBot.some((one) => [1, 6].includes(Math.abs(one - field)))).toBe(true);
    await anna.push('leave', { room, seat: '2' });
    expect([...(await seats()).keys()]).toEqual(['1']);
  });
});

describe('the next game', () => {
  it('begins once, when the board is full, and nobody is ready for it', async () => {
    const [anna, boris] = (await begin('Anna', 'Boris')) as [Player, Player];
    await claim(anna, 0);
    await anna.push('again', { room, game: 1 });
    expect(await claim(boris, 1)).toBe('2');
    for (let field = 2; field < FIELDS; field++) await claim(field % 2 === 0 ? anna : boris, field);
    await Promise.all([anna, boris].map((player) => player.push('again', { room, game: 1 })));
    expect((await inspect.state(room, 'game').get('number'))?.value).toBe(2);
    await anna.push('claim', { room, field: 0 });
    await anna.expectError('NOT_ON');
    for (const player of [anna, boris]) await ready(player, 2);
    expect(await claim(boris, 0)).toBe('2');
  });
});
