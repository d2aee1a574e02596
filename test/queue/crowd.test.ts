/**
 * A broadcast through the real parts: the local queue and its trigger, workers in instances, a store over
 * HTTP, sends over HTTP/2 to a gateway that counts. `npm run bench -- fanout` does the same with 100,000.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { broadcastInTrouble, type TroubledBroadcast } from '../../bench/fanout/trouble.js';
import { openFanoutWorld, type FanoutWorld } from '../../bench/fanout/world.js';

const RECIPIENTS = Number(process.env['CROWD'] ?? 5000);
const GONE_EVERY = 50;
const GONE = RECIPIENTS / GONE_EVERY;
const PAGE = 100;
/** Ids fall on pages by their hash, so some have more of them than others. */
const MOST_GONE_IN_A_PAGE = 15;

describe('a crowd behind the queue, in bad times', () => {
  let world: FanoutWorld;
  let outcome: TroubledBroadcast;

  beforeAll(async () => {
    world = await openFanoutWorld({
      recipients: RECIPIENTS,
      goneEvery: GONE_EVERY,
      instances: 4,
      concurrency: 20,
      visibilityMs: 3000,
      fanout: { pageSize: PAGE, leaseMs: 2000 },
      faults: [{ on: 'queue', effect: 'duplicate', rate: 0.1, queue: 'jobs' }],
    });
    outcome = await broadcastInTrouble(world, 16);
  }, 180_000);

  afterAll(() => world.close());

  it('reaches everybody who is there, and nobody twice but in the pages of lost workers', () => {
    const live = world.ids.filter((id) => !world.isGone(id));
    expect([...world.gateway.copies.keys()].sort()).toEqual(live);
    expect(outcome.kills).toBe(2);
    expect(outcome.repeated).toBeLessThanOrEqual(outcome.kills * PAGE);
    expect(outcome.most).toBeLessThanOrEqual(1 + outcome.kills);
  });

  it('says what the gateway has counted', () => {
    expect(outcome.status).toMatchObject({
      state: 'done',
      settled: true,
      complete: true,
      expected: RECIPIENTS,
      recipients: RECIPIENTS,
      delivered: outcome.reached,
      stale: GONE,
      failed: 0,
      skipped: 0,
      shards: { total: 16, started: 16, done: 16, abandoned: 0 },
    });
    expect(outcome.status.restarts).toBeGreaterThanOrEqual(1);
    expect(outcome.duplicates).toBeGreaterThanOrEqual(1);
  });

  it('takes those who are gone out of the store, and nobody else', async () => {
    const live = RECIPIENTS - GONE;
    // A worker that is killed between counting those of a page and removing them leaves them to the next
    // broadcast.
    expect(outcome.left).toBeGreaterThanOrEqual(live);
    expect(outcome.left).toBeLessThanOrEqual(live + outcome.kills * MOST_GONE_IN_A_PAGE);
    const next = await world.broadcaster.toAll().dispatch('headline', { title: 'Again' });
    expect(await next.finished()).toMatchObject({ complete: true, delivered: live });
    expect(await world.store.count({ all: true })).toBe(live);
    expect(await world.store.get(world.ids[0] ?? '')).toBeDefined();
  });

  it('leaves the job that nobody can do among the dead letters, and no other', () => {
    expect(
      world.emulator
        .queue('dead')
        .messages()
        .map(({ body }) => body),
    ).toEqual(['not a job']);
  });
});
